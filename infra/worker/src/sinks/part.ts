import type { Event } from 'runmat-telemetry-common/events/event'
import { allOf, type Outcome, type Result, type Sink } from 'runmat-telemetry-common/sink'

/** Gives a sink those events that are for it. The others have their outcome already. */
export async function storePart(
  sink: Sink,
  events: readonly Event[],
  isForIt: (event: Event) => boolean,
  otherwise: Outcome,
): Promise<Result> {
  const part = events.filter(isForIt)
  if (part.length === events.length) return await sink.store(events)
  const { outcomes, trouble } = part.length === 0 ? allOf(part, 'later') : await sink.store(part)
  const given = outcomes.values()
  return {
    outcomes: events.map((event) => (isForIt(event) ? (given.next().value ?? 'later') : otherwise)),
    ...(trouble && { trouble }),
  }
}
