import { isObject } from 'runmat-telemetry/contract'

import type { Rejection } from './reader.ts'
import { storedEventIds, storedId } from './spelling.ts'

/** A request to erase a client, or single events that were sent under an earlier id of it. */
export interface Erasure {
  /** As they are stored, in lower case. */
  readonly clients: readonly string[]
  readonly events: readonly string[]
}

export type ErasureReading = { readonly erasure: Erasure } | { readonly refusal: Rejection }

const labels: ReadonlySet<unknown> = new Set(['telemetry.erase', 'erase'])
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const mostEvents = 1000

/** A label is looked for in the text first, because nearly no event is an erasure. */
export function mayBeErasure(text: string): boolean {
  return text.includes('erase"')
}

/** Undefined if this is another event. */
export function readErasure(text: string): ErasureReading | undefined {
  let claim: unknown
  try {
    claim = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(claim)) return undefined
  if (!labels.has(claim['event_label'] ?? claim['event'] ?? claim['eventLabel'])) return undefined
  const client = claim['cid'] ?? claim['distinctId'] ?? claim['id']
  const events = claim['events'] ?? claim['uuids']
  if (client === undefined && events === undefined) return refusal('cid', 'is missing')
  if (client !== undefined && !isClient(client)) return refusal('cid', 'is no id')
  if (events !== undefined && !isList(events)) {
    return refusal('events', `must be up to ${mostEvents} UUIDs`)
  }
  return {
    erasure: {
      clients: client === undefined ? [] : [storedId(client)],
      events: (events ?? []).flatMap(storedEventIds),
    },
  }
}

/** The nil UUID stands for no client in previews. */
function isClient(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.:-]{8,128}$/.test(value) && !/^[0-]+$/.test(value)
}

function isList(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= mostEvents &&
    value.every((id) => typeof id === 'string' && uuid.test(id))
  )
}

function refusal(field: string, problem: string): ErasureReading {
  return { refusal: { reason: 'field', error: `${field} ${problem}`, field } }
}
