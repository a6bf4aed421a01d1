import type { Event } from './event.ts'
import { allOf, type Outcome, type Result, type Trouble } from './sinks/sink.ts'

/** What a sink said to a whole batch: all of it stored, something in it refused, or in trouble. */
export type Said = 'stored' | 'refused' | Trouble

/**
 * Finds the events for which a sink refuses a batch, so that they do not take the others with
 * them: halves what is refused until it is one event. `probes` bounds how often the sink is asked;
 * what could not be asked in time comes again later.
 */
export async function bisect(
  events: readonly Event[],
  post: (events: readonly Event[]) => Promise<Said>,
  probes: number,
): Promise<Result> {
  let left = probes
  const ask = async (part: readonly Event[]): Promise<Result> => {
    if (left === 0) return allOf(part, 'later')
    left -= 1
    const said = await post(part)
    if (typeof said === 'object') return allOf(part, 'later', said)
    if (said === 'stored' || part.length === 1) return allOf(part, said)
    const middle = part.length >> 1
    return join(await Promise.all([ask(part.slice(0, middle)), ask(part.slice(middle))]))
  }
  return await ask(events)
}

function join([first, second]: readonly [Result, Result]): Result {
  const outcomes: readonly Outcome[] = [...first.outcomes, ...second.outcomes]
  const trouble = first.trouble ?? second.trouble
  return { outcomes, ...(trouble && { trouble }) }
}
