import { readFileSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'

import type { Product } from '../../src/product/product.ts'

type Event = Record<string, unknown>

/** An example of what is on the wire. */
export function wire(name: string): Event {
  const file = path.join(import.meta.dirname, 'wire', `${name}.json`)
  return JSON.parse(readFileSync(file, 'utf8')) as Event
}

/** One valid event of each kind that the product has, with as many fields as it can have. */
export function validEvents(product: Product): readonly Event[] {
  const { usage, runtime, milestones, installs } = product
  const full = wire('runtime-finished-full')
  const runs = (runtime?.runKinds.slice(0, 1) ?? []).flatMap((kind) => {
    const envelope = { ...full, run_kind: kind }
    const device = { name: 'Example (R) 5', vendor: 'Example', backend: runtime?.backends[0] }
    return [
      envelope,
      { ...envelope, payload: { duration_us: 1, counters: {}, provider: { device } } },
      {
        ...envelope,
        event_label: 'runtime.run.started',
        payload: { jit_enabled: true, accelerate_enabled: false, timestamp_ms: 5 },
      },
    ]
  })
  const counts = Object.fromEntries(usage.subcommands.map((name, index) => [name, index]))
  const event = {
    payload_schema_version: 1,
    stats_schema_version: 1,
    event_id: '63b4b9a8-5f2b-4cef-95c1-c6e2b8f6c04c',
    install_id: 'eac98648-3b42-41c7-a887-7452dd08cbf0',
    sequence: 7,
    first_seen: '2026-01-01T10:00:00Z',
    trigger: milestones.firstRun,
    trigger_ts: '2026-01-02T10:00:00Z',
    counters_as_of: '2026-01-02T10:00:00Z',
    version: '0.6.1',
    platform: { os: 'linux', arch: 'x86_64' },
    subcommand_counts: counts,
    [usage.selectionsField]: { [usage.selections[0] ?? '']: 1 },
    feature_capabilities: Object.fromEntries(
      Object.keys(usage.capabilities).map((name) => [name, true]),
    ),
  }
  return [event, ...runs, ...(installs ? [wire('install-start-002')] : [])]
}

/** Values at the edges of what may stand somewhere. */
const edges: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.5,
  1.5,
  Number.NaN,
  Infinity,
  2 ** 53,
  2 ** 53 - 1,
  253_402_300_799_999,
  253_402_300_800_000,
  '',
  'unknown',
  'other',
  'aarch64',
  'v1.2',
  '1.2\n',
  'preview',
  '1.2.3-rc.1',
  '1.2.3.4',
  'A:B:C',
  'a'.repeat(96),
  'a'.repeat(97),
  'linux-x86_64',
  '/dev/nvidia0',
  '00000000-0000-0000-0000-000000000000',
  'EAC98648-3B42-41C7-A887-7452DD08CBF0',
  'eac98648-3b42-11c7-a887-7452dd08cbf0',
  'eac98648-3b42-41c7-c887-7452dd08cbf0',
  {},
  [],
  [1],
  { device: 5 },
  { device: {} },
  { device: undefined },
  { device: { name: 1, vendor: 'x' }, more: 1 },
]

interface Change {
  readonly how: 'set' | 'set first' | 'set last' | 'delete'
  /** Which of the objects inside is changed, and which of its members, if not a new one. */
  readonly where: number
  readonly which: number
  readonly name: string
  readonly value: unknown
}

/** Valid events after some changes, and other things that no event resembles. */
export function claimsOf(product: Product): fc.Arbitrary<unknown> {
  const events = validEvents(product)
  const all = events.flatMap((event) => membersIn(event))
  const names = [...all.map(([name]) => name), 'toString', '__proto__', 'constructor', '', '7']
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...edges, ...all.map(([, one]) => one)) },
    { weight: 1, arbitrary: fc.anything() },
    { weight: 1, arbitrary: fc.oneof(fc.string(), fc.double(), fc.maxSafeInteger(), fc.uuid()) },
  )
  const change: fc.Arbitrary<Change> = fc.record({
    how: fc.constantFrom('set', 'set', 'set first', 'set last', 'delete'),
    where: fc.nat(),
    which: fc.nat(),
    name: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, fc.string()),
    value,
  })
  const changed = fc
    .tuple(fc.constantFrom(...events), fc.array(change, { maxLength: 4 }))
    .map(([event, changes]) => changes.reduce(afterChange, event))
  return fc.oneof({ weight: 20, arbitrary: changed }, value)
}

/** Every valid event with one of its values replaced by each of the values at the edges. */
export function nearEvents(product: Product): readonly Event[] {
  return validEvents(product).flatMap((event) => variants(event) as readonly Event[])
}

function variants(value: unknown): readonly unknown[] {
  if (!isObject(value)) return edges
  return Object.entries(value).flatMap(([name, inner]) =>
    [...variants(inner), ...(isObject(inner) ? edges : [])].map((one) => ({
      ...value,
      [name]: one,
    })),
  )
}

function membersIn(value: unknown): (readonly [name: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => [[name, one] as const, ...membersIn(one)])
}

function afterChange(event: Event, change: Change): Event {
  const { how, where, which, name, value } = change
  const inner = Object.entries(event).filter(([, one]) => isObject(one))
  const [into, at] = inner[where % (inner.length * 2 || 1)] ?? []
  if (into !== undefined)
    return { ...event, [into]: afterChange(at as Event, { ...change, where: where >> 3 }) }
  const own = Object.keys(event)
  const key = which % 3 === 0 ? name : (own[which % own.length] ?? name)
  const rest = Object.entries(event).filter(([one]) => one !== key)
  if (how === 'delete') return Object.fromEntries(rest)
  if (how === 'set first') return Object.fromEntries([[key, value], ...rest])
  if (how === 'set last') return Object.fromEntries([...rest, [key, value]])
  return { ...event, [key]: value }
}

function isObject(value: unknown): value is Event {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
