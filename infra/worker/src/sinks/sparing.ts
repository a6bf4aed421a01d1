import { allOf, type Sink } from 'runmat-telemetry-common/sink'

import { storePart } from './part.ts'
import type { Tombstones } from './tombstones.ts'

const unknown = { cause: 'the tombstones can not be read' }

/** A sink that never gets an event of a client that asked to be erased. */
export function sparing(sink: Sink, tombstones: Tombstones): Sink {
  return {
    ...sink,
    store: async (events) => {
      try {
        await tombstones.catchUp()
      } catch {
        return allOf(events, 'later', unknown)
      }
      // Decided once: another tombstone may come while the sink is at work.
      const erased = new Set(events.filter(tombstones.covers))
      return await storePart(sink, events, (event) => !erased.has(event), 'erased')
    },
  }
}
