import { isObject, type JsonObject } from 'runmat-telemetry/contract'
import type { Event } from 'runmat-telemetry-common/events/event'

/** The limits of GA4's Measurement Protocol. It silently drops anything beyond them. */
export const most = {
  events: 25,
  params: 25,
  name: 40,
  value: 100,
  bytes: 130 * 1000,
  ageMs: 72 * 60 * 60 * 1000,
} as const

/** An event as GA4 takes it, or undefined if GA4 wouldn't. */
export function ga4Event({ name, at, fields }: Event, now: number): object | undefined {
  if (at !== undefined && (at < now - most.ageMs || at > now)) return undefined
  return {
    name: nameOf(name),
    params: Object.fromEntries(paramsOf(fields)),
    ...(at !== undefined && { timestamp_micros: at * 1000 }),
  }
}

/** Plain fields come before those of maps, because there may be no room for the last ones. */
function paramsOf(fields: JsonObject): readonly (readonly [string, string | number])[] {
  return flatten(fields)
    .sort((one, other) => one.depth - other.depth)
    .flatMap(({ name, value }) => {
      const plain = typeof value === 'boolean' ? Number(value) : value
      const fits = typeof plain === 'number' || plain.length <= most.value
      return fits && name.length <= most.name ? [[name, plain] as const] : []
    })
    .slice(0, most.params)
}

interface Flat {
  readonly name: string
  readonly value: string | number | boolean
  readonly depth: number
}

function flatten(fields: JsonObject, prefix = '', depth = 0): Flat[] {
  return Object.entries(fields).flatMap(([key, value]): Flat[] => {
    const name = nameOf(prefix + key)
    // The payload's fields are lifted to the top, as for PostHog.
    if (isObject(value)) {
      return key === 'payload' ? flatten(value) : flatten(value, `${name}_`, depth + 1)
    }
    return isPlain(value) ? [{ name, value, depth }] : []
  })
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function nameOf(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '_')
}
