import { timestamp } from '../contract/timestamp.ts'
import type { Context } from '../settings/context.ts'
import { portTo } from '../settings/proxy.ts'
import { noteSent } from '../store/ledger.ts'
import { datagramEnd, markSending } from '../store/senders.ts'

export type Way = 'http' | 'udp'

/** One event that is being sent in one way. */
export interface Departure {
  /** To be called right before the event's bytes go to the kernel. */
  readonly mayBegin: () => boolean
  /** It has arrived. */
  readonly confirm: () => void
  /** Nothing of it can leave any more. */
  readonly end: () => void
}

/** What a host may send directly. All of it is on record. */
export interface Departures {
  readonly may: (way: Way) => boolean
  readonly of: (way: Way, event: { readonly id: string; readonly bytes: string }) => Departure
}

export function openDepartures(context: () => Context): Departures {
  const { choices, paths, environment } = context()
  const addresses = {
    http: choices.runtimeEndpoint.value,
    udp: choices.udpEndpoint.value,
  }
  const port = portTo(addresses.http, environment.env)
  // A changed address is an opt-out for the old one. The queue takes its events to the new one.
  const may = (way: Way): boolean => {
    const now = context()
    const { runtimeEndpoint, udpEndpoint } = now.choices
    const address = way === 'http' ? runtimeEndpoint : udpEndpoint
    return now.verdict.uploading && address.value === addresses[way]
  }
  /** False if the ledger can't be written. */
  const note = (via: Way, bytes: string, confirmed: boolean): boolean => {
    const sentAt = timestamp(environment.now())
    try {
      noteSent(paths.ledger, { sentAt, endpoint: addresses[via], via, confirmed }, bytes)
      return true
    } catch {
      return false
    }
  }
  return {
    may,
    of: (way, { id, bytes }) => {
      let unmark: (() => void) | undefined
      return {
        mayBegin: () => {
          // If telemetry is off, not even a marker is made.
          if (!may(way)) return false
          unmark =
            way === 'http'
              ? markSending(paths, id, port)
              : markSending(paths, `${id}${datagramEnd}`)
          // This process may be killed before the answer, so the line comes first. What can't be put on
          // record does not leave.
          return unmark !== undefined && note(way, bytes, false) && may(way)
        },
        confirm: () => void note(way, bytes, true),
        end: () => unmark?.(),
      }
    },
  }
}
