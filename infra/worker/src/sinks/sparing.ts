import { allOf, type Sink } from 'runmat-telemetry-common/sink'

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
      const kept = events.filter((event) => !erased.has(event))
      if (kept.length === events.length) return await sink.store(events)
      const { outcomes, trouble } =
        kept.length === 0 ? allOf(kept, 'stored') : await sink.store(kept)
      const given = outcomes.values()
      return {
        outcomes: events.map((event) =>
          erased.has(event) ? 'erased' : (given.next().value ?? 'later'),
        ),
        ...(trouble && { trouble }),
      }
    },
  }
}
