import type { Erasure } from 'runmat-telemetry-common/events/erasure'

import { limits } from '../limits.ts'
import { type Answer, later, refuse, stored } from './answer.ts'
import { openRateLimit } from './rate-limit.ts'

/** Answers a request to erase. The address counts against the limit and is forgotten. */
export type Erase = (erasure: Erasure, address: string) => Promise<Answer>

/**
 * Limited, because every tombstone is kept for good. `keep` settles once the tombstones would survive a
 * crash; undefined where there is no place for them.
 */
export function openErase(keep: ((erasure: Erasure) => Promise<void>) | undefined): Erase {
  const { network, all } = limits.erasures
  const [ofNetwork, ofAll] = [openRateLimit(network), openRateLimit(all)]
  return async (erasure, address) => {
    if (keep === undefined) return noPlace
    const count = erasure.clients.length + erasure.events.length
    const wait = ofNetwork.take(address, count) || ofAll.take('', count)
    if (wait > 0) return later('rate', 'too many requests to erase', wait)
    try {
      await keep(erasure)
      return stored
    } catch {
      return notKept
    }
  }
}

const noPlace = refuse('away', 'this collector has no place for tombstones (EVENTS_DIR)')
const notKept = later('away', 'the tombstone could not be written; come again', 10_000)
