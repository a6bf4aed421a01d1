import type { Event } from '../event.ts'
import { type Fields, isObject } from '../shape.ts'

/** What GA4's Measurement Protocol takes; more than that it drops without a word. */
export const most = {
  events: 25,
  params: 25,
  name: 40,
  value: 100,
  bytes: 130 * 1000,
  ageMs: 72 * 60 * 60 * 1000,
} as const

/** One event in GA4's words, or undefined where GA4 would not take it. */
export function ga4Event({ name, at, fields }: Event, now: number): object | undefined {
  if (at !== undefined && (at < now - most.ageMs || at > now)) return undefined
  return {
    name: nameOf(name),
    params: Object.fromEntries(paramsOf(fields)),
    ...(at !== undefined && { timestamp_micros: at * 1000 }),
  }
}

/** Plain fields before those of maps, since the last ones may find no room. */
function paramsOf(fields: Fields): readonly (readonly [string, string | number])[] {
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

function flatten(fields: Fields, prefix = '', depth = 0): Flat[] {
  return Object.entries(fields).flatMap(([key, value]): Flat[] => {
    const name = nameOf(prefix + key)
    // Fields of the payload stand beside the others, as they do in PostHog.
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
