import type { Event } from 'runmat-telemetry-common/events/event'
import { isDone, type Outcome, type Result, type Sink } from 'runmat-telemetry-common/sink'

import { openRemembered, type Remembered } from './remembered.ts'

/**
 * A sink that gets every event once, for as long as its id is remembered. If an answer was lost on its
 * way, the client sends a stored event again, perhaps while the first attempt is still in flight.
 */
export function storingOnce(sink: Sink, remembered: Remembered = openRemembered()): Sink {
  const inFlight = new Map<string, Promise<ReadonlyMap<string, Outcome>>>()

  const store = async (events: readonly Event[]): Promise<Result> => {
    await remembered.catchUp?.()
    const fresh = new Map<string, Event>()
    const elsewhere = new Map<string, Promise<ReadonlyMap<string, Outcome>>>()
    const isKnown = ({ uuid }: Event): boolean => remembered.has(uuid)
    const unsettled = events.some(isKnown) ? await remembered.settle?.() : undefined
    for (const event of events) {
      // Asked again: another worker may have taken it back.
      if (isKnown(event)) continue
      const { uuid } = event
      const other = inFlight.get(uuid)
      if (other === undefined) fresh.set(uuid, event)
      else elsewhere.set(uuid, other)
    }
    const storing = fresh.size === 0 ? nothing : storeFresh([...fresh.values()])
    const { outcomes, trouble = unsettled } = await storing
    const others = new Map<string, Outcome>()
    for (const [uuid, other] of elsewhere) {
      const outcome = (await other).get(uuid) ?? 'later'
      others.set(uuid, isDone(outcome) ? 'repeated' : outcome)
    }
    return {
      outcomes: events.map((event) => {
        const { uuid } = event
        const outcome = outcomes.get(uuid)
        if (outcome === undefined) return others.get(uuid) ?? (unsettled ? 'later' : 'repeated')
        return outcome === 'stored' && fresh.get(uuid) !== event ? 'repeated' : outcome
      }),
      ...(trouble && { trouble }),
    }
  }

  const storeFresh = async (events: readonly Event[]): Promise<Stored> => {
    const storing = sink.store(events)
    const outcomes = storing.then(
      (result) => outcomesOf(events, result),
      () => none,
    )
    for (const { uuid } of events) inFlight.set(uuid, outcomes)
    try {
      const { trouble } = await storing
      return { outcomes: await outcomes, trouble }
    } finally {
      for (const [uuid, outcome] of await outcomes) if (isDone(outcome)) remembered.add(uuid)
      for (const { uuid } of events) inFlight.delete(uuid)
    }
  }

  return { ...sink, store }
}

interface Stored {
  readonly outcomes: ReadonlyMap<string, Outcome>
  readonly trouble: Result['trouble']
}

const none: ReadonlyMap<string, Outcome> = new Map()
const nothing: Stored = { outcomes: none, trouble: undefined }

function outcomesOf(events: readonly Event[], { outcomes }: Result): ReadonlyMap<string, Outcome> {
  return new Map(events.map(({ uuid }, index) => [uuid, outcomes[index] ?? 'later']))
}
