import { timestamp } from '../contract/timestamp.ts'
import type { Context } from '../settings/context.ts'
import { noteSent } from '../store/ledger.ts'
import { markSending } from '../store/senders.ts'

export type Way = 'http' | 'udp'

/** One event that is being sent in one way. */
export interface Departure {
  /** To be called right before the event's bytes go to the kernel. */
  readonly mayBegin: () => boolean
  readonly hasBegun: () => boolean
  /** Nothing of it can leave any more. */
  readonly end: () => void
}

/** What a host may send directly, and what is recorded about it. */
export interface Departures {
  readonly may: (way: Way) => boolean
  readonly of: (way: Way, id: string) => Departure
  readonly note: (way: Way, confirmed: boolean, bytes: string) => void
}

export function openDepartures(context: () => Context): Departures {
  const { choices, paths, environment } = context()
  const addresses = {
    http: choices.runtimeEndpoint.value,
    udp: choices.udpEndpoint.value,
  }
  // A changed address is an opt-out for the old one. The queue takes its events to the new one.
  const may = (way: Way): boolean => {
    const now = context()
    const { runtimeEndpoint, udpEndpoint } = now.choices
    const address = way === 'http' ? runtimeEndpoint : udpEndpoint
    return now.verdict.uploading && address.value === addresses[way]
  }
  return {
    may,
    of: (way, id) => {
      let hasBegun = false
      let unmark: (() => void) | undefined
      return {
        mayBegin: () => {
          // If telemetry is off, not even a marker is made.
          if (!may(way)) return false
          unmark = markSending(paths, way === 'http' ? id : `${id}.udp`)
          return (hasBegun = unmark !== undefined && may(way))
        },
        hasBegun: () => hasBegun,
        end: () => unmark?.(),
      }
    },
    note: (via, confirmed, bytes) => {
      const sentAt = timestamp(environment.now())
      try {
        noteSent(paths.ledger, { sentAt, endpoint: addresses[via], via, confirmed }, bytes)
      } catch {
        // The disk is full or read-only. What was sent has been sent.
      }
    },
  }
}
