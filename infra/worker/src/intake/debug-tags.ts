import { contractsOf, dictionaryOf, type Product, type ValueNote } from 'runmat-telemetry/contract'
import { steadyNow } from 'runmat-telemetry-common/clock'
import type { Event } from 'runmat-telemetry-common/events/event'
import type { Reading } from 'runmat-telemetry-common/events/reader'

import { limits } from '../limits.ts'

/** A field that an event lost. `expected` says what may stand there, if the contract has the field. */
export interface LostField {
  readonly field: string
  readonly why: 'the contract has no such field here' | 'the value does not fit'
  readonly expected?: ValueNote
}

/** One event as it arrived, and what would have become of it. */
export interface DebugEvent {
  readonly arrived_at: string
  /** What was sent, word for word. */
  readonly received: string
  /** What a sink would have got. */
  readonly stored?: unknown
  readonly dropped?: readonly LostField[]
  readonly refused?: { readonly reason: string; readonly error: string; readonly field?: string }
}

/**
 * Events that their sender marked with `x-debug-tag`: in memory only, for a few minutes, and in no
 * sink. When there are too many, the oldest are dropped to make room.
 */
export interface DebugTags {
  readonly keep: (tag: string, received: string, reading: Reading) => void
  /** Oldest first. */
  readonly under: (tag: string) => readonly DebugEvent[]
  readonly close: () => void
}

interface Kept {
  readonly tag: string
  readonly until: number
  /** The event as the JSON that is shown, so that its size is known. */
  readonly json: Buffer
}

export function openDebugTags(
  products: readonly Product[],
  { events: most, bytes: mostBytes, keepMs, sweepMs }: (typeof limits)['debug'] = limits.debug,
  now: () => number = steadyNow,
): DebugTags {
  const fieldsOf = fieldsIn(products)
  let kept: Kept[] = []
  let bytes = 0
  const dropFirst = (count: number): void => {
    for (const { json } of kept.splice(0, count)) bytes -= json.length
  }
  const sweep = (): void => {
    const time = now()
    const first = kept.findIndex(({ until }) => until > time)
    dropFirst(first === -1 ? kept.length : first)
  }
  const isOver = (): boolean => kept.length > most || bytes > mostBytes
  const timer = setInterval(sweep, sweepMs).unref()
  return {
    keep: (tag, received, reading) => {
      sweep()
      const time = now()
      const event: DebugEvent = {
        arrived_at: new Date(time).toISOString(),
        received,
        ...outcomeOf(reading, fieldsOf),
      }
      const json = Buffer.from(JSON.stringify(event))
      kept.push({ tag, until: time + keepMs, json })
      bytes += json.length
      while (isOver()) dropFirst(1)
    },
    under: (tag) => {
      sweep()
      const found = kept.filter((one) => one.tag === tag)
      return found.map(({ json }) => JSON.parse(json.toString()) as DebugEvent)
    },
    close: () => {
      clearInterval(timer)
      kept = []
      bytes = 0
    },
  }
}

/** A tag that can stand in an address as it is. */
export function isDebugTag(text: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(text)
}

function outcomeOf(
  reading: Reading,
  fieldsOf: FieldsOf,
): Omit<DebugEvent, 'arrived_at' | 'received'> {
  if ('refusal' in reading) return { refused: reading.refusal }
  const { event, dropped } = reading
  const fields = fieldsOf(event)
  return { stored: event.fields, dropped: dropped.map((field) => lost(field, fields.get(field))) }
}

function lost(field: string, expected: ValueNote | undefined): LostField {
  return expected === undefined
    ? { field, why: 'the contract has no such field here' }
    : { field, why: 'the value does not fit', expected }
}

/** What each field of such an event may hold, by its path. */
type FieldsOf = (event: Event) => ReadonlyMap<string, ValueNote>

function fieldsIn(products: readonly Product[]): FieldsOf {
  const dictionaries = new Map(
    products.map((product) => [product.id, dictionaryOf(product, contractsOf(product)).events]),
  )
  return ({ product, family, name }) => {
    const found = dictionaries
      .get(product)
      ?.find(
        (one) => one.family === family && (one.labels.length === 0 || one.labels.includes(name)),
      )
    return new Map(found?.fields.map(({ field, value }) => [field, value]))
  }
}
