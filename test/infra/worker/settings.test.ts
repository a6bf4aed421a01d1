import { describe, expect, it } from 'vitest'

import { SettingsError } from '../../../infra/common/src/environment.ts'
import { readSettings } from '../../../infra/worker/src/settings.ts'

const enough = { INGESTION_KEY: 'k' }

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    readSettings({ ...enough, ...env })
  } catch (error) {
    if (error instanceof SettingsError) return error.faults
    throw error
  }
  return []
}

describe('the worker’s environment', () => {
  it('needs a key and nothing else', () => {
    expect(readSettings(enough)).toEqual({
      role: 'all',
      buffer: undefined,
      products: [],
      port: 8080,
      host: undefined,
      keys: ['k'],
      sink: {
        kind: 'segments',
        folder: './events',
        worker: expect.stringMatching(/^[\w.-]+$/),
        retentionDays: undefined,
      },
      tombstones: './events',
      postHogErasure: undefined,
      ignored: [],
      ga4: undefined,
      maxBodyBytes: 1024 * 1024,
      debugTags: false,
      trustProxy: 0,
    })
  })

  it('is read completely', () => {
    expect(
      readSettings({
        PORT: '0',
        PRODUCTS: './roar.js, other.json,',
        HOST: '127.0.0.1',
        INGESTION_KEY: ' new , old,',
        POSTHOG_API_KEY: 'phc_1',
        POSTHOG_HOST: 'https://eu.i.posthog.com/',
        EVENTS_FILE: 'events.ndjson',
        GA_MEASUREMENT_ID: 'G-1',
        GA_API_SECRET: 's',
        GA_ENDPOINT: 'http://127.0.0.1:1/mp',
        MAX_BODY_BYTES: '4096',
        DEBUG_TAGS: '1',
        TRUST_PROXY: '2',
      }),
    ).toEqual({
      role: 'all',
      buffer: undefined,
      products: ['./roar.js', 'other.json'],
      port: 0,
      host: '127.0.0.1',
      keys: ['new', 'old'],
      sink: { kind: 'posthog', apiKey: 'phc_1', host: 'https://eu.i.posthog.com' },
      tombstones: undefined,
      postHogErasure: undefined,
      ignored: ['EVENTS_FILE'],
      ga4: { endpoint: 'http://127.0.0.1:1/mp', measurementId: 'G-1', apiSecret: 's' },
      maxBodyBytes: 4096,
      debugTags: true,
      trustProxy: 2,
    })
  })

  it('prefers the file, and warns of what has no effect then', () => {
    const file = { EVENTS_FILE: 'e.ndjson', EVENTS_DIR: 'd', WORKER_NAME: 'w', RETENTION_DAYS: '9' }
    expect(readSettings({ ...enough, ...file })).toMatchObject({
      sink: { kind: 'file', path: 'e.ndjson' },
      tombstones: 'd',
      ignored: ['WORKER_NAME', 'RETENTION_DAYS'],
    })
    expect(readSettings({ ...enough, ...file, EVENTS_FILE: '' })).toMatchObject({
      sink: { kind: 'segments', folder: 'd', worker: 'w', retentionDays: 9 },
      ignored: [],
    })
  })

  it('deletes from PostHog only with a key, a project and a place for tombstones', () => {
    const all = {
      ...enough,
      POSTHOG_API_KEY: 'phc_1',
      POSTHOG_PERSONAL_API_KEY: 'phx_1',
      POSTHOG_PROJECT_ID: '7',
      EVENTS_DIR: 'd',
    }
    const erasure = { personalKey: 'phx_1', project: '7', host: 'https://us.posthog.com' }
    expect(readSettings(all).postHogErasure).toEqual(erasure)
    for (const name of ['POSTHOG_API_KEY', 'POSTHOG_PROJECT_ID', 'EVENTS_DIR']) {
      expect(faultsOf({ ...all, [name]: '' })).toHaveLength(1)
    }
    expect(faultsOf({ ...all, POSTHOG_API_HOST: 'http://example.invalid' })).toHaveLength(1)
  })

  it('keeps tombstones beside segments, also of a worker that only delivers', () => {
    const buffer = { BUFFER_URL: 'nats://127.0.0.1:1', INGESTION_KEY: '' }
    const deliver = { ...buffer, ROLE: 'deliver' }
    expect(readSettings(deliver).tombstones).toBe('./events')
    expect(readSettings({ ...deliver, EVENTS_DIR: 'd' }).tombstones).toBe('d')
    expect(readSettings({ ...deliver, EVENTS_FILE: 'e' }).tombstones).toBeUndefined()
    const ingest = { ...enough, ...buffer, INGESTION_KEY: 'k', ROLE: 'ingest' }
    expect(readSettings(ingest).tombstones).toBeUndefined()
  })

  it('treats an empty variable as absent', () => {
    expect(
      faultsOf({ PORT: '', POSTHOG_API_KEY: ' ', GA_API_SECRET: '', TRUST_PROXY: '' }),
    ).toEqual([])
  })

  it.each(['', ' ', ',', ' , ,'])('without a key (%j) is valid only with ALLOW_KEYLESS', (none) => {
    expect(faultsOf({ INGESTION_KEY: none })).toHaveLength(1)
    expect(faultsOf({ INGESTION_KEY: none, ALLOW_KEYLESS: '0' })).toHaveLength(1)
    const settings = readSettings({ INGESTION_KEY: none, ALLOW_KEYLESS: '1' })
    expect(settings).toMatchObject({ keys: [], host: '127.0.0.1' })
  })

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['INGESTION_KEY', 'two words'],
    ['INGESTION_KEY', 'schlüssel'],
    ['INGESTION_KEY', 'x'.repeat(513)],
    ['ALLOW_KEYLESS', 'yes'],
    ['POSTHOG_API_KEY', 'a b'],
    ['POSTHOG_HOST', 'eu.i.posthog.com'],
    ['POSTHOG_HOST', 'http://posthog.example'],
    ['POSTHOG_HOST', 'https://me:secret@posthog.example'],
    ['POSTHOG_HOST', 'ftp://127.0.0.1'],
    ['GA_ENDPOINT', 'nowhere'],
    ['GA_MEASUREMENT_ID', 'G-1'],
    ['GA_API_SECRET', 's'],
    ['MAX_BODY_BYTES', '10'],
    ['MAX_BODY_BYTES', '1e6'],
    ['MAX_BODY_BYTES', '99999999999'],
    ['TRUST_PROXY', 'true'],
    ['EVENTS_FILE', 'a\0b'],
    ['EVENTS_DIR', 'a\0b'],
    ['WORKER_NAME', 'a/b'],
    ['WORKER_NAME', 'x'.repeat(65)],
    ['RETENTION_DAYS', '0'],
    ['RETENTION_DAYS', 'P30D'],
  ])('is refused with the name of the bad variable: %s=%s', (name, value) => {
    const [fault, ...more] = faultsOf({ [name]: value })
    const other = { GA_MEASUREMENT_ID: 'GA_API_SECRET', GA_API_SECRET: 'GA_MEASUREMENT_ID' }[name]
    expect(fault).toMatch(new RegExp(`^${other ?? name} `))
    expect(more).toEqual([])
    // A message must not contain a key or a secret.
    if (value.length > 8) expect(fault).not.toContain(value)
  })

  it('is refused with every fault at once', () => {
    const env = { INGESTION_KEY: '', PORT: 'x', POSTHOG_HOST: 'x', TRUST_PROXY: 'x' }
    expect(faultsOf(env).map((fault) => fault.split(' ')[0])).toEqual(
      expect.arrayContaining(Object.keys(env)),
    )
  })
})
