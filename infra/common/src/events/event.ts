import { hash } from 'node:crypto'

import { isObject, type JsonObject, type Kind, uuidOfDigest } from 'runmat-telemetry/contract'

import { summaryOf } from './summary.ts'

/** A valid event, and what the sinks need to know about it. */
export interface Event {
  /** The id of the product that it is about. */
  readonly product: string
  readonly family: Kind
  readonly name: string
  /** Identifies the event however often it is sent. */
  readonly uuid: string
  /** The client id, else the run's id, else the event's own. */
  readonly distinctId: string
  /** Milliseconds since 1970, if the event carries a time. */
  readonly at: number | undefined
  readonly summary: readonly string[]
  readonly fields: JsonObject
  /** The event as the contract serialises it. */
  readonly bytes: string
}

export const everyKind: readonly Kind[] = ['usage', 'runtime', 'install']

export function eventOf(product: string, family: Kind, fields: JsonObject, bytes: string): Event {
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
    product,
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

/** Holds the place of the identity while the identity is derived. */
export const noIdentity = '00000000-0000-4000-8000-000000000000'

/**
 * Clients before 0.4 sent no uuid. Hashing the event's bytes gives it one, so that a repeated event
 * keeps its identity.
 */
export function derivedIdentity(bytes: string): string {
  return uuidOfDigest(hash('sha256', bytes, 'hex'))
}

/**
 * The event's own time, never its arrival, so that every attempt sends the same. Install events
 * carry no time; the sink dates them by arrival.
 */
function momentOf({ trigger_ts: trigger, payload }: JsonObject): number | undefined {
  if (typeof trigger === 'string') {
    const at = Date.parse(trigger)
    return Number.isNaN(at) ? undefined : at
  }
  return isObject(payload) ? (payload['timestamp_ms'] as number | undefined) : undefined
}
