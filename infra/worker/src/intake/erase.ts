import type { Erasure } from 'runmat-telemetry-common/events/erasure'

import { limits } from '../limits.ts'
import { type Answer, later, refuse, stored } from './answer.ts'
import { openRateLimit } from './rate-limit.ts'

/** Where tombstones are kept. */
interface Tombstones {
  /** What of it has no tombstone yet. */
  readonly unknownIn: (erasure: Erasure) => Erasure
  /** Settles once the tombstones would survive a crash; rejects otherwise. */
  readonly add: (erasure: Erasure) => Promise<void>
}

/** Answers a request to erase. The address counts against the limit and is forgotten. */
export type Erase = (erasure: Erasure, address: string) => Promise<Answer>

/**
 * Limited, because every tombstone is kept for good. What has one already is free, so that a client which
 * was told to retry later gets further each time. Undefined: there is no place for tombstones.
 */
export function openErase(tombstones: Tombstones | undefined): Erase {
  const { network, all } = limits.erasures
  const [ofNetwork, ofAll] = [openRateLimit(network), openRateLimit(all)]
  return async (erasure, address) => {
    if (tombstones === undefined) return noPlace
    const unknown = tombstones.unknownIn(erasure)
    const count = unknown.clients.length + unknown.events.length
    const wait = ofNetwork.take(address, count) || ofAll.take('', count)
    if (wait > 0) return later('rate', 'too many requests to erase', wait)
    try {
      // Also without anything new: what another worker wrote is synced before the answer.
      await tombstones.add(unknown)
      return stored
    } catch {
      return notKept
    }
  }
}

const noPlace = refuse('away', 'this collector has no place for tombstones (EVENTS_DIR)')
const notKept = later('away', 'the tombstone could not be written; retry later', 10_000)
