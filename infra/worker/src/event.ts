import { createHash } from 'node:crypto'

import type { Kind } from 'runmat-telemetry/contract'

import { type Fields, isObject } from './shape.ts'
import { summaryOf } from './summary.ts'

/** An event that keeps the contract, and what the sinks need to know of it. */
export interface Event {
  readonly family: Kind
  readonly name: string
  /** One event bears one, however often it is sent. */
  readonly uuid: string
  /** The client; where it does not say who it is, the run; else the event alone. */
  readonly distinctId: string
  /** Milliseconds since 1970, where the event says when it was. */
  readonly at: number | undefined
  readonly summary: string
  readonly fields: Fields
  /** The contract's bytes. */
  readonly bytes: string
}

export function eventOf(family: Kind, fields: Fields, bytes: string): Event {
  const {
    event_label: label,
    event_id: id,
    uuid,
    install_id: install,
    cid,
    session_id: run,
  } = fields
  const identity = (id ?? uuid) as string
  return {
    family,
    name: (label ?? family) as string,
    uuid: identity,
    distinctId: (install ?? cid ?? run ?? identity) as string,
    at: momentOf(fields),
    summary: summaryOf(family, fields),
    fields,
    bytes,
  }
}

/** Stands where the identity goes while the identity is being derived. */
export const noIdentity = '00000000-0000-4000-8000-000000000000'

/**
 * Clients before 0.4 gave their events no uuid. What they say makes one, so that an event that
 * comes twice is one event. It has the form of version 4, the only one that the contract knows.
 */
export function derivedIdentity(bytes: string): string {
  const hex = createHash('sha256').update(bytes).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}

/**
 * Of the event, never of its arrival, so that it is the same at every try. Install events do not
 * say when they were: they go without, and the sink's day of arrival stands for it.
 */
function momentOf({ trigger_ts: trigger, payload }: Fields): number | undefined {
  if (typeof trigger === 'string') {
    const at = Date.parse(trigger)
    return Number.isNaN(at) ? undefined : at
  }
  return isObject(payload) ? (payload['timestamp_ms'] as number | undefined) : undefined
}
