import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { everyKind } from '../../../infra/common/src/events/event.ts'
import { readEvent } from '../../../infra/common/src/events/reader.ts'
import { runmat } from '../../../src/product/runmat.ts'
import { kept, nothing, type Rules, rulesOf } from '../../contract/oracle.ts'

type Fields = Record<string, unknown>

const rules = rulesOf(runmat)
const rulesByLabel = new Map<unknown, Rules | undefined>([
  ['runtime.run.started', rules['run started']],
  ['runtime.run.finished', rules['run finished']],
  ['install_start', rules['install event']],
  ['install_complete', rules['install event']],
  ['install_failed', rules['install event']],
])

/** How old and foreign clients spell things, written down a second time. */
const names: Fields = {
  event: 'event_label',
  eventLabel: 'event_label',
  distinctId: 'cid',
  sessionId: 'session_id',
  runKind: 'run_kind',
}
const labels: Fields = {
  'install.start': 'install_start',
  'install.complete': 'install_complete',
  'install.completed': 'install_complete',
  'install.failed': 'install_failed',
  runtime_started: 'runtime.run.started',
  runtime_session_start: 'runtime.run.started',
  runtime_finished: 'runtime.run.finished',
  runtime_value: 'runtime.run.finished',
}
const figures: Fields = {
  gpu_wall_ns: 'gpu_wall_ns',
  gpu_dispatches: 'gpu_dispatches',
  upload_bytes: 'gpu_upload_bytes',
  download_bytes: 'gpu_download_bytes',
  fusion_cache_hits: 'fusion_cache_hits',
  fusion_cache_misses: 'fusion_cache_misses',
}

const ownIdentifier = /^(?!.{97})(user|(RunMat|MATLAB|Octave)([:.][A-Za-z0-9_-]+){1,7})$/

const isPlain = (value: unknown): value is Fields =>
  Object.prototype.toString.call(value) === '[object Object]'
const without = (fields: Fields, ...gone: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !gone.includes(name)))

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = '89ab'[Number.parseInt(hex[16] ?? '', 16) % 4]
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, `$1-$2-4$3-${variant}$4-$5`)
}

function idOf(name: string, given: string): string {
  const id = given.trim().toLowerCase()
  const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)
  if (isUuid || /^[0-]+$/.test(id) || !/^[a-z0-9._:-]{1,128}$/.test(id)) return id
  return uuidOf(name === 'cid' || name === 'install_id' ? id : `${name}:${id}`)
}

/** What a body says, in the contract's words. */
function saidIn(body: Fields): Fields {
  const targets = ['event_label', 'cid', 'session_id', 'run_kind']
  const said = without(body, ...targets, ...Object.keys(names))
  for (const target of targets) {
    const spellings = [target, ...Object.keys(names).filter((name) => names[name] === target)]
    const found = spellings.find((name) => (body[name] ?? undefined) !== undefined)
    if (found !== undefined) said[target] = body[found]
  }
  const label = said['event_label']
  if (typeof label === 'string' && Object.hasOwn(labels, label)) said['event_label'] = labels[label]
  for (const name of ['cid', 'session_id', 'uuid', 'install_id', 'event_id']) {
    const id = isPlain(said[name]) ? said[name]['value'] : said[name]
    if (typeof id === 'string') said[name] = idOf(name, id)
  }
  if (!isPlain(said['payload'])) return said
  return String(said['event_label']).startsWith('install_')
    ? installSaid(said, said['payload'])
    : { ...said, payload: payloadSaid(said['payload']) }
}

function installSaid(said: Fields, payload: Fields): Fields {
  const platform = said['platform'] ?? payload['platform'] ?? said['platform']
  const rest =
    Object.keys(without(payload, 'platform')).length === 0 ? without(said, 'payload') : said
  return platform === undefined ? rest : { ...rest, platform }
}

function snakeCased(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      return [snake !== name && Object.hasOwn(fields, snake) ? name : snake, value]
    }),
  )
}

function payloadSaid(payload: Fields): Fields {
  const said = snakeCased(without(payload, 'provider'))
  if (isPlain(said['counters'])) said['counters'] = snakeCased(said['counters'])
  for (const name of ['error', 'runtime.failure.code']) {
    const given = said[name] ?? undefined
    if (given === undefined) continue
    const isText = typeof given === 'string' && given !== ''
    said[name] = !isText ? undefined : ownIdentifier.test(given) ? given : 'user'
  }
  if ((said['error'] ?? undefined) !== undefined) said['runtime.failure.stage'] ??= 'runtime'
  const { provider } = payload
  if (!isPlain(provider)) return provider === undefined ? said : { ...said, provider }
  const { device, telemetry: given } = provider
  const telemetry = isPlain(given) ? snakeCased(given) : given
  const hasBackend = isPlain(device) && typeof device['backend'] === 'string'
  const lower = hasBackend
    ? { ...device, backend: String(device['backend']).toLowerCase() }
    : device
  const rest = Object.hasOwn(provider, 'device') ? { ...provider, device: lower } : provider
  if (!isPlain(telemetry)) return { ...said, provider: without(rest, 'telemetry') }
  for (const [old, value] of Object.entries(telemetry)) {
    if (Object.hasOwn(figures, old)) said[String(figures[old])] ??= value
  }
  const unknown = without(telemetry, ...Object.keys(figures))
  const more = Object.keys(unknown).length === 0 ? {} : { telemetry: unknown }
  return { ...said, provider: { ...without(rest, 'telemetry'), ...more } }
}

/** The paths of what was said and is not in the event. A null is not counted where a field may be. */
function lost(rule: Rules, said: Fields, event: Fields, prefix = ''): readonly string[] {
  return Object.entries(said).flatMap(([name, value]) => {
    const inner = Object.hasOwn(rule, name) ? rule[name] : rule[`${name}?`]
    if (!Object.hasOwn(event, name)) return value === null && inner ? [] : [prefix + name]
    const left = event[name]
    return typeof inner === 'object'
      ? lost(inner, value as Fields, left as Fields, `${prefix}${name}.`)
      : []
  })
}

/** Undefined: refused. */
function expectedOf(body: Fields) {
  const said = saidIn(body)
  const rule = rulesByLabel.get(said['event_label'])
  if (rule === undefined) return undefined
  const noId = '00000000-0000-4000-8000-000000000000'
  const isNamed = (said['uuid'] ?? said['event_id'] ?? undefined) !== undefined
  const given = isNamed ? said : { ...said, uuid: noId }
  const left = kept(rule, given)
  if (left === nothing || (left as Fields)['cid'] === '00000000-0000-0000-0000-000000000000') {
    return undefined
  }
  const fields = left as Fields
  const nameless = isNamed && Object.hasOwn(fields, 'uuid') ? undefined : { ...fields, uuid: noId }
  const event = nameless
    ? kept(rule, { ...nameless, uuid: uuidOf(JSON.stringify(nameless)) })
    : left
  return { bytes: JSON.stringify(event), dropped: lost(rule, given, fields).toSorted() }
}

const bodies = readFileSync(
  path.resolve(import.meta.dirname, '../../contract/wire/real-clients.ndjson'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => (JSON.parse(line) as { body: Fields }).body)
  .filter((body) => JSON.stringify(body).length < 4000)

const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', {}, [], { a: { b: 1 } }, ['a']),
  fc.constantFrom<unknown>(
    { value: 'anon-17', PSPath: 'C:\\smith' },
    { value: {} },
    ' anon-17\r\n',
  ),
  fc.constantFrom(
    '1760000000-12345',
    'F3C1E6A2-64A5-4B9B-9A70-3D0D8A1C5D11',
    '0000',
    'Ü',
    'Vulkan',
  ),
  fc.constantFrom(...Object.keys(labels), 'runtime.run.finished', 'install_start', 'linux-x86_64'),
  fc.constantFrom(
    'RunMat:Undefined',
    'StMarysHospital:PatientSmith1974',
    'wasm',
    'DX12',
    'toString',
  ),
)
const name = fc.oneof(
  fc.constantFrom('event_label', 'cid', 'session_id', 'run_kind', 'uuid', 'event_id', 'install_id'),
  fc.constantFrom(...Object.keys(names), ...Object.keys(figures), 'platform', 'os', 'release'),
  fc.constantFrom('payload', 'provider', 'device', 'telemetry', 'backend', 'error', 'vendor'),
  fc.constantFrom('jitUsed', 'jit_used', 'durationUs', 'duration_us', 'gpuRatio', 'constructor'),
  fc.constantFrom('runtime.failure.stage', 'runtime.failure.code', 'runtime.failure.host', 'zz'),
)
interface Change {
  readonly place: readonly string[]
  readonly name: string
  readonly value: unknown
}

const places = [[], ['payload'], ['payload', 'provider'], ['payload', 'provider', 'device']]
const anyChange: fc.Arbitrary<Change> = fc.record({
  place: fc.constantFrom(...places, ['payload', 'provider', 'telemetry']),
  name,
  value: fc.option(value, { nil: undefined }),
})
/** Changes that chance would seldom make. */
const likely: fc.Arbitrary<Change> = fc.constantFrom(
  { place: ['payload', 'provider', 'device'], name: 'backend', value: 'Vulkan' },
  { place: ['payload'], name: 'error', value: 'StMarysHospital:PatientSmith1974' },
  { place: [], name: 'uuid', value: undefined },
)
const change = fc.oneof({ weight: 4, arbitrary: anyChange }, { weight: 1, arbitrary: likely })

/** Sets or deletes what a change names. */
function changed(body: Fields, changes: readonly Change[]): Fields {
  const copy = structuredClone(body)
  for (const one of changes) {
    const at = one.place.reduce<unknown>((inner, step) => isPlain(inner) && inner[step], copy)
    if (!isPlain(at)) continue
    if (one.value === undefined) delete at[one.name]
    else at[one.name] = structuredClone(one.value)
  }
  return copy
}

it('reads odd bodies of real clients as the plain rule does', () => {
  const seen = { taken: 0, refused: 0 }
  const body = fc
    .tuple(fc.constantFrom(...bodies), fc.array(change, { maxLength: 5 }), fc.boolean())
    .map(([base, changes, turned]) => {
      const made = changed(base, changes)
      return turned ? Object.fromEntries(Object.entries(made).toReversed()) : made
    })
  fc.assert(
    fc.property(body, (given) => {
      const reading = readEvent(JSON.stringify(given), everyKind)
      const made =
        'refusal' in reading
          ? undefined
          : { bytes: reading.event.bytes, dropped: reading.dropped.toSorted() }
      expect(made).toEqual(expectedOf(given))
      seen[made === undefined ? 'refused' : 'taken'] += 1
    }),
    { numRuns: 4000 },
  )
  expect(seen.taken).toBeGreaterThan(1000)
  expect(seen.refused).toBeGreaterThan(50)
})
