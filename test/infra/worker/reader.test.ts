import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { readEvent } from '../../../infra/common/src/events/reader.ts'
import { refuse } from '../../../infra/worker/src/intake/answer.ts'
import { recognise } from '../../../src/contract/contracts.ts'
import { contracts, finished, install, started, usage, uuidOf, wire } from './support/events.ts'

const kinds = ['usage', 'runtime', 'install'] as const

type Fields = Record<string, unknown>

function read(given: string | object) {
  return readEvent(typeof given === 'string' ? given : JSON.stringify(given), kinds)
}

function eventOf(given: string | object) {
  const reading = read(given)
  if ('refusal' in reading) throw new Error(JSON.stringify(reading.refusal))
  return reading.event
}

function refusalOf(given: string | object): { status: number; reason?: string; field?: string } {
  const reading = read(given)
  if (!('refusal' in reading)) throw new Error(reading.event.bytes)
  const { reason, error, field } = reading.refusal
  const { status, body } = refuse(reason, error, field)
  return { status, ...body }
}

describe('a wire example', () => {
  it.each(['runtime-finished-001', 'runtime-finished-full'])('%s is read unchanged', (name) => {
    expect(JSON.parse(eventOf(wire(name)).bytes)).toEqual(JSON.parse(wire(name)))
  })

  it('of an installer gets a uuid', () => {
    const { bytes, uuid } = eventOf(wire('install-start-002'))
    expect(JSON.parse(bytes)).toEqual({ ...JSON.parse(wire('install-start-002')), uuid })
    expect(recognise(contracts, bytes)).toBe(bytes)
  })

  it('in camelCase is rewritten to the contract’s names', () => {
    const event = eventOf(wire('install-start-camel'))
    expect(JSON.parse(event.bytes)).toEqual({
      event_label: 'install_start',
      uuid: '0d9c4a3e-6d0f-4c42-9f39-5a1c1d8a4b77',
      os: 'linux',
      arch: 'x86_64',
      platform: 'linux-x86_64',
      release: 'unknown',
      method: 'shell',
      cid: '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7',
    })
    expect(event.summary).toEqual(['install=start', 'os=linux', 'arch=x86_64', 'method=shell'])
  })

  it('of a runtime before 0.4 has its GPU figures moved to the contract’s fields', () => {
    const event = eventOf(wire('runtime-finished-000'))
    const { payload, ...envelope } = JSON.parse(event.bytes) as Fields
    expect(envelope).toEqual({
      event_label: 'runtime.run.finished',
      uuid: event.uuid,
      cid: 'eac98648-3b42-41c7-a887-7452dd08cbf0',
      session_id: '9e2a9d9f-4e37-4090-a1fb-96cb2c6f9f3a',
      run_kind: 'script',
      os: 'macos',
      arch: 'aarch64',
    })
    expect(payload).toEqual({
      duration_us: 4412,
      success: true,
      jit_enabled: true,
      jit_used: true,
      accelerate_enabled: true,
      provider: { device: { name: 'NVIDIA RTX 4090', vendor: 'NVIDIA', backend: 'cuda' } },
      gpu_wall_ns: 1_850_000,
      gpu_dispatches: 12,
      gpu_upload_bytes: 262_144,
      gpu_download_bytes: 0,
      fusion_cache_hits: 8,
      fusion_cache_misses: 1,
    })
    expect(event.summary).toEqual(['run=script', 'jit=on', 'gpu=on'])
  })
})

describe('a spelling', () => {
  const renamed = (event: object, names: Readonly<Record<string, string>>): Fields =>
    Object.fromEntries(
      Object.entries(event).map(([name, value]) => [names[name] ?? name, value as unknown]),
    )
  const spelling = fc.record({
    event_label: fc.constantFrom('event_label', 'event', 'eventLabel'),
    cid: fc.constantFrom('cid', 'distinctId'),
    session_id: fc.constantFrom('session_id', 'sessionId'),
    run_kind: fc.constantFrom('run_kind', 'runKind'),
  })
  const labels: Readonly<Record<string, readonly string[]>> = {
    'runtime.run.started': ['runtime.run.started', 'runtime_started', 'runtime_session_start'],
    'runtime.run.finished': ['runtime.run.finished', 'runtime_finished', 'runtime_value'],
    install_start: ['install_start', 'install.start'],
    install_complete: ['install_complete', 'install.complete'],
    install_failed: ['install_failed', 'install.failed'],
  }

  it('of any age yields the same event', () => {
    const events = fc.constantFrom(
      finished(),
      started(),
      install(),
      install({ event_label: 'install_complete' }),
      install({ event_label: 'install_failed' }),
    )
    fc.assert(
      fc.property(events, spelling, fc.nat(), fc.boolean(), (bytes, names, pick, loud) => {
        const event = JSON.parse(bytes) as Fields
        const spellings = labels[String(event['event_label'])] ?? []
        const said = renamed({ ...event, event_label: spellings[pick % spellings.length] }, names)
        if (loud) said['uuid'] = String(said['uuid']).toUpperCase()
        expect(eventOf(said).bytes).toBe(bytes)
      }),
    )
  })

  it('yields to the contract’s own if both are present', () => {
    const bytes = finished()
    expect(eventOf({ ...JSON.parse(bytes), distinctId: 'x', event: 'install.start' }).bytes).toBe(
      bytes,
    )
  })

  it('of nested figures yields to flat ones, and unknown figures are counted as dropped', () => {
    const old = JSON.parse(wire('runtime-finished-000')) as { payload: Fields }
    const { provider } = old.payload as { provider: { telemetry: Fields } }
    provider.telemetry['fused_elementwise'] = { count: 3 }
    const reading = read({ ...old, payload: { ...old.payload, gpu_dispatches: 99 } })
    expect(reading).toMatchObject({
      dropped: ['payload.provider.telemetry'],
      event: { fields: { payload: { gpu_dispatches: 99, gpu_wall_ns: 1_850_000 } } },
    })
  })
})

describe('an event without a uuid', () => {
  const nameless = [wire('runtime-finished-000'), wire('install-start-002')]

  it.each(nameless)('gets the same uuid at every attempt, however it is written: %#', (text) => {
    const { uuid } = eventOf(text)
    const reversed = Object.fromEntries(Object.entries(JSON.parse(text) as object).toReversed())
    expect(eventOf(text).uuid).toBe(uuid)
    expect(eventOf(reversed).uuid).toBe(uuid)
    expect(eventOf(JSON.stringify(JSON.parse(text), null, 2)).uuid).toBe(uuid)
    expect(eventOf({ ...JSON.parse(text), uuid: null }).uuid).toBe(uuid)
    // The stored bytes, sent again, are the same event.
    expect(eventOf(eventOf(text).bytes).uuid).toBe(uuid)
  })

  it('gets a different uuid if any field differs', () => {
    const base = JSON.parse(wire('runtime-finished-000')) as { payload: object }
    const seen = fc.sample(fc.uniqueArray(fc.nat(), { minLength: 50, maxLength: 50 }), 1)[0] ?? []
    const uuids = seen.map(
      (duration) => eventOf({ ...base, payload: { ...base.payload, duration_us: duration } }).uuid,
    )
    expect(new Set(uuids).size).toBe(seen.length)
  })

  it('is refused in a family that has always had one', () => {
    expect(refusalOf({ ...JSON.parse(usage()), event_id: undefined }).field).toBe('event_id')
    expect(refusalOf({ ...JSON.parse(finished()), uuid: 'not an id' }).field).toBe('uuid')
  })
})

describe('any input', () => {
  it('is either a valid event or refused with a reason', () => {
    const bases = [finished(), started(), install(), usage()].map((b) => JSON.parse(b) as object)
    const names = [...bases.flatMap((b) => Object.keys(b)), 'event', 'distinctId', 'runKind']
    const given = fc.oneof(
      fc.json(),
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc
        .tuple(
          fc.constantFrom(...bases),
          fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...names)), fc.jsonValue()),
        )
        .map(([base, changes]) => JSON.stringify({ ...base, ...changes })),
    )
    fc.assert(
      fc.property(given, (text) => {
        const reading = read(text)
        if ('refusal' in reading) {
          const { status } = refuse(reading.refusal.reason, reading.refusal.error)
          expect(status).toBeGreaterThanOrEqual(400)
          expect(status).toBeLessThan(500)
          return
        }
        const { event } = reading
        expect(recognise(contracts, event.bytes)).toBe(event.bytes)
        expect(event.uuid).toBe(uuidOf(event.bytes))
        expect(eventOf(event.bytes)).toEqual(event)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['', 'json', undefined],
    ['{', 'json', undefined],
    ['{"event_label":"install_start",}', 'json', undefined],
    ['[]', 'json', undefined],
    ['null', 'json', undefined],
    ['"install_start"', 'json', undefined],
    ['NaN', 'json', undefined],
    ['{"a":"\u0000"}', 'json', undefined],
    [`${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'json', undefined],
    [`{"event_label":${'['.repeat(100)}${']'.repeat(100)}}`, 'json', undefined],
    [`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, 'json', undefined],
    ['{}', 'field', 'event_label'],
    ['{"event_label":"install_lunch"}', 'field', 'event_label'],
    ['{"event_label":5}', 'field', 'event_label'],
    ['{"event_label":["install_start"]}', 'field', 'event_label'],
    ['{"event_label":"__proto__"}', 'field', 'event_label'],
    ['{"event_label":"constructor"}', 'field', 'event_label'],
    ['{"__proto__":{"event_label":"install_start"}}', 'field', 'event_label'],
    ['{"event_label":"install_start","event_label":"install_failed"}', 'json', 'event_label'],
    [String.raw`{"event_label":"install_start","event_l\u0061bel":"x"}`, 'json', 'event_label'],
    ['{"payload_schema_version":1}', 'field', 'stats_schema_version'],
    [usage({ trigger: 'preview' }), 'field', 'trigger'],
    [usage({ install_id: '00000000-0000-0000-0000-000000000000' }), 'field', 'install_id'],
    [finished({ cid: '00000000-0000-0000-0000-000000000000' }), 'field', 'cid'],
  ])('%#: %.60s is refused', (text, reason, field) => {
    expect(refusalOf(text)).toMatchObject({ status: 400, reason, ...(field && { field }) })
  })

  const run = JSON.parse(finished()) as { payload: Fields }
  it.each([
    [{ os: 'plan9' }, 'os'],
    [{ run_kind: 'x'.repeat(60_000) }, 'run_kind'],
    [{ payload: null }, 'payload'],
  ])('is refused with the name of the field: %#', (changes, field) => {
    expect(refusalOf({ ...run, ...changes })).toMatchObject({ status: 400, field })
  })

  it.each([
    [{ session_id: '\ud800' }, 'session_id'],
    [{ session_id: 'a\u0000b' }, 'session_id'],
    [{ payload: { ...run.payload, duration_us: -1 } }, 'payload.duration_us'],
    [{ payload: { ...run.payload, duration_us: 1e300 } }, 'payload.duration_us'],
  ])('loses a field that does not fit, by name: %#', (changes, field) => {
    expect(read({ ...run, ...changes })).toMatchObject({ dropped: [field] })
  })

  it('cannot smuggle in a number that JSON cannot hold', () => {
    const text = finished().replace(/"duration_us":\d+/, '"duration_us":1e999')
    expect(read(text)).toMatchObject({ dropped: ['payload.duration_us'] })
  })

  it('may be as long as the limit and no longer', () => {
    const long = { ...JSON.parse(finished()), note: 'x'.repeat(64_000) }
    expect(read(long)).toMatchObject({ dropped: ['note'] })
    expect(refusalOf({ ...long, more: 'x'.repeat(1000) })).toMatchObject({ status: 413 })
  })

  it('does not affect the events after it', () => {
    const text = finished().replace(
      '{',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{}},',
    )
    expect(read(text)).toMatchObject({ dropped: ['__proto__', 'constructor'] })
    expect(({} as Fields)['polluted']).toBeUndefined()
  })

  it('never puts free text into an event or its refusal', () => {
    const event = eventOf({
      ...JSON.parse(finished()),
      note: 'of alice',
      payload: { ...run.payload, error: 'cannot open /home/alice/x.m', alice: true },
    })
    expect(event.bytes + event.summary.join()).not.toContain('alice')
  })
})
