import * as fc from 'fast-check'

import { previewTrigger, subcommandCounters, triggersOf } from '../../src/contract/usage.ts'
import type { Product } from '../../src/product/product.ts'
import { buildUsage, type UsageFacts } from '../../src/record/usage.ts'
import { freshStats, type Stats } from '../../src/store/stats.ts'

type Event = Readonly<Record<string, unknown>>

/** What the builder makes of all that can be known, and of some things that cannot. */
export function usageEvents(product: Product): fc.Arbitrary<Event> {
  return factsOf(product).map((facts) => JSON.parse(buildUsage(product, facts) ?? 'null') as Event)
}

/** The event with a member, or a member of a member, that is new, gone or something else. */
export function spoilt(event: Event): fc.Arbitrary<Event> {
  const places = Object.entries(event).flatMap(([name, inner]) =>
    [[name]].concat(membersOf(inner).map((member) => [name, member])),
  )
  const place = fc.oneof(fc.constantFrom(...places), fc.tuple(fc.string()))
  return fc
    .tuple(place, anything)
    .map(([[name = '', member], value]) =>
      member === undefined
        ? replaced(event, name, value)
        : replaced(event, name, replaced(event[name] as Event, member, value)),
    )
}

function membersOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value).concat('new') : []
}

/** As it looks after a journey as JSON, where what is undefined is not there. */
function replaced(event: Event, name: string, value: unknown): Event {
  return JSON.parse(JSON.stringify({ ...event, [name]: value })) as Event
}

const anything = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, -1, 0, 0.5, 7, '', '0.6.1', 'linux', {}),
  fc.uuid(),
  fc.jsonValue(),
)

function factsOf(product: Product): fc.Arbitrary<UsageFacts> {
  return fc.record({
    eventId: fc.uuid({ version: 4 }),
    installId: fc.uuid({ version: 4 }),
    trigger: fc.constantFrom(...triggersOf(product), previewTrigger),
    at: moment,
    version: fc.constantFrom('0.6.1', 'v1.2', '12.0.3-rc.1', '0.4.1+g1a2b3c4'),
    platform: fc.constantFrom('linux', 'darwin', 'win32', 'haiku'),
    arch: fc.constantFrom('x64', 'arm64', 'mips'),
    stats: statsOf(product),
  })
}

function statsOf(product: Product): fc.Arbitrary<Stats> {
  const { selections, capabilities } = product.usage
  const counted = fc.record({
    first_seen: moment,
    sequence: count,
    counters_as_of: moment,
    subcommand_counts: someOf(subcommandCounters(product), count),
    selections: someOf(selections, count),
    feature_capabilities: someOf(Object.keys(capabilities), fc.boolean()),
  })
  return counted.map((stats) => Object.assign(freshStats(''), stats))
}

const count = fc.maxSafeNat()

const moment = fc
  .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => `${date.toISOString().slice(0, 19)}Z`)

/** Some of the names that may travel, and now and then one that may not. */
function someOf<T>(
  names: readonly string[],
  value: fc.Arbitrary<T>,
): fc.Arbitrary<Record<string, T>> {
  const name = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, fc.string())
  return fc.dictionary(name, value)
}
