import { describe, expect, it } from 'vitest'

import { SettingsError } from '../../../infra/common/src/environment.ts'
import { authenticatorIn } from '../../../infra/buffer/src/connection.ts'
import { differenceOf, replicasOn, streamsOf } from '../../../infra/buffer/src/stream.ts'
import { streamMessageOf } from '../../../infra/buffer/src/stream-message.ts'
import { leftOver } from '../../../infra/buffer/src/sweep.ts'
import { backlogOf } from '../../../infra/buffer/src/report-backlog.ts'
import { readSettings } from '../../../infra/worker/src/settings.ts'
import { tempHome } from '../../support/home.ts'

const home = tempHome()
const one = 'nats://127.0.0.1:4222'
const three = 'tls://a.example:4222, tls://b.example:4222,tls://c.example:4222'

function read(env: Readonly<Record<string, string>>) {
  return readSettings({ INGESTION_KEY: 'k', ...env })
}

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    read(env)
  } catch (error) {
    if (error instanceof SettingsError) return error.faults
    throw error
  }
  return []
}

describe('the buffer’s settings', () => {
  it('need only an address', () => {
    expect(read({ ROLE: 'ingest', BUFFER_URL: one })).toMatchObject({
      role: 'ingest',
      keys: ['k'],
      buffer: {
        servers: [one],
        credentialsFile: undefined,
        caFile: undefined,
        stream: 'telemetry',
        replicas: undefined,
        maxBytes: 8 * 1024 ** 3,
        maxAgeMs: 7 * 24 * 3_600_000,
        duplicateMs: 30 * 60_000,
        ackWaitMs: 30_000,
      },
    })
    const file = home.write('secret', 'x')
    const full = { BUFFER_URL: three, BUFFER_CREDS_FILE: file, BUFFER_CA_FILE: file }
    expect(readSettings({ ROLE: 'deliver', ...full })).toMatchObject({
      keys: [],
      buffer: { servers: three.split(/, ?/), credentialsFile: file, caFile: file },
    })
  })

  it.each([
    [{ ROLE: 'both' }, 'ROLE'],
    [{ ROLE: 'ingest' }, 'BUFFER_URL is missing'],
    [{ ROLE: 'deliver' }, 'BUFFER_URL is missing'],
    [{ BUFFER_URL: one }, 'BUFFER_URL is for'],
    [{ BUFFER_REPLICAS: '3' }, 'BUFFER_REPLICAS means nothing'],
    [{ ROLE: 'ingest', BUFFER_URL: 'http://127.0.0.1:1' }, 'BUFFER_URL must be'],
    [{ ROLE: 'ingest', BUFFER_URL: `${one},` }, 'BUFFER_URL must be'],
    [{ ROLE: 'ingest', BUFFER_URL: 'nats://u:p@127.0.0.1' }, 'BUFFER_URL must not hold'],
    [{ ROLE: 'ingest', BUFFER_URL: 'tls://s3cret@b.example' }, 'BUFFER_URL must not hold'],
    [{ ROLE: 'ingest', BUFFER_URL: 'tls://b.example/x' }, 'BUFFER_URL must name'],
    [{ ROLE: 'ingest', BUFFER_URL: 'nats://b.example:4222' }, 'BUFFER_URL must begin with tls:'],
    [{ ROLE: 'ingest', BUFFER_URL: `${one},tls://b.example` }, 'BUFFER_URL must not mix'],
    [{ ROLE: 'ingest', BUFFER_URL: one, BUFFER_CREDS_FILE: '/none' }, 'BUFFER_CREDS_FILE'],
    [{ ROLE: 'ingest', BUFFER_URL: one, BUFFER_CA_FILE: '/dev/null' }, 'BUFFER_CA_FILE means'],
    [{ ROLE: 'ingest', BUFFER_URL: one, BUFFER_STREAM: 'a.b' }, 'BUFFER_STREAM'],
    [{ ROLE: 'ingest', BUFFER_URL: one, BUFFER_REPLICAS: '6' }, 'BUFFER_REPLICAS'],
    [{ ROLE: 'ingest', BUFFER_URL: one, BUFFER_DUPLICATE_MINUTES: '29' }, 'BUFFER_DUPLICATE'],
  ])('are refused with %j', (env, fault) => {
    const faults = faultsOf(env)
    expect(faults).toEqual([expect.stringContaining(fault)])
    expect(faults.join()).not.toContain('s3cret')
  })

  it('are refused with every fault at once', () => {
    const env = { ROLE: 'deliver', BUFFER_URL: 'x', BUFFER_MAX_BYTES: '1', PORT: 'x' }
    expect(faultsOf(env).map((fault) => fault.split(' ')[0])).toEqual([
      'BUFFER_URL',
      'BUFFER_MAX_BYTES',
      'PORT',
    ])
  })
})

describe('credentials', () => {
  it('are recognised by their format', () => {
    const authenticate = authenticatorIn('me:p:w\n')
    expect(authenticate('nonce')).toEqual({ user: 'me', pass: 'p:w' })
    const seed = 'SUAM5LR2XM2Z4FRZ2RAKKYVBKZK6KTMUGFR4ZN2KGPVKUO4DFQTV7ALBJA'
    expect(authenticatorIn(`${seed}\n`).length).toBe(1)
    expect(() => authenticatorIn('only-one-line')).toThrow('BUFFER_CREDS_FILE')
    expect(() => authenticatorIn('only-one-line')).not.toThrow('only-one-line')
  })
})

describe('a stream', () => {
  const { buffer } = read({ ROLE: 'ingest', BUFFER_URL: one })
  const settings = buffer as NonNullable<typeof buffer>
  const info = (cluster?: string, urls: number = 0) =>
    ({
      ...(cluster !== undefined && { cluster }),
      connect_urls: Array.from({ length: urls }, String),
    }) as unknown as Parameters<typeof replicasOn>[1]

  it('has three replicas if there are three servers', () => {
    expect(replicasOn(settings, info())).toBe(1)
    expect(replicasOn(settings, info('c', 2))).toBe(1)
    expect(replicasOn(settings, info('c', 3))).toBe(3)
    expect(replicasOn({ ...settings, servers: ['1', '2', '3'] }, info('c', 2))).toBe(3)
    expect(replicasOn({ ...settings, replicas: 5 }, info())).toBe(5)
  })

  it('keeps old events when full and refuses new ones', () => {
    for (const stream of streamsOf(settings, 3)) {
      expect(stream).toMatchObject({ discard: 'new', storage: 'file', num_replicas: 3 })
      expect(stream.duplicate_window).toBe(30 * 60 * 1e9)
      expect(stream.max_bytes).toBeGreaterThan(0)
      expect(stream.max_age).toBeGreaterThan(0)
    }
  })

  it('that differs from the settings is reported with both values', () => {
    expect(differenceOf({ a: 1, b: ['x'] }, { a: 1, b: ['x'], c: 3 })).toBeUndefined()
    expect(differenceOf({ a: 1, b: ['x'] }, { a: 1, b: ['y'] })).toBe(
      'b ["y"], and the settings say ["x"]',
    )
    expect(differenceOf({ a: 1 }, {})).toBe('a undefined, and the settings say 1')
  })
})

describe('an event that is handed back', () => {
  it('comes again after a whole number of nanoseconds', () => {
    const said: unknown[] = []
    const message = streamMessageOf({
      subject: 'telemetry.events',
      reply: '$JS.ACK.telemetry.posthog.1.7.7.1.0',
      respond: (word: unknown) => said.push(word),
    } as never)
    message.nak(1999.981_201_171_875)
    expect(said).toEqual(['-NAK {"delay":2000000000}'])
  })
})

describe('the sweep', () => {
  const of = (first: number, ...floors: readonly number[]) =>
    leftOver({
      messages: 3,
      bytes: 1,
      mostBytes: 2,
      oldestAge: 0,
      firstSequence: first,
      sinks: floors.map((floor) => ({
        sink: 's',
        waiting: 0,
        unacknowledged: 0,
        redelivered: 0,
        deadLetters: 0,
        floor,
      })),
    })

  it('covers what every sink has acknowledged, and nothing without a sink', () => {
    expect(of(5, 4, 9)).toBeUndefined()
    expect(of(5, 5, 9)).toBe(5)
    expect(of(5, 8, 7)).toBe(7)
    expect(of(5)).toBeUndefined()
  })
})

describe('the report of a backlog', () => {
  const sinks = [
    { sink: 'posthog', waiting: 0, unacknowledged: 0, redelivered: 0, deadLetters: 0, floor: 9 },
    { sink: 'ga4', waiting: 0, unacknowledged: 0, redelivered: 0, deadLetters: 0, floor: 9 },
  ]
  const survey = { messages: 3, bytes: 10, mostBytes: 100, oldestAge: 1, firstSequence: 8, sinks }

  it('is written only if there is something to report', () => {
    expect(backlogOf(survey)).toBeUndefined()
    expect(backlogOf({ ...survey, oldestAge: 901.2 })).toEqual({
      events: 3,
      oldestSeconds: 901,
      share: 0.1,
      deadLetters: 0,
    })
    const dead = sinks.map((sink) => ({ ...sink, deadLetters: 2 }))
    expect(backlogOf({ ...survey, sinks: dead })).toMatchObject({ deadLetters: 4 })
  })
})
