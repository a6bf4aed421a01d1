import { allOf, type Outcome, type Result, type Trouble } from 'runmat-telemetry-common/sink'

/** A sink's answer to a whole batch: all stored, something refused, or in trouble. */
export type BatchOutcome = 'stored' | 'refused' | Trouble

/**
 * Finds the events, or what else is posted, for which a sink refuses a batch, so that the others are still
 * stored. It halves a refused batch until one is left. `probes` bounds the number of posts; what is still
 * undecided then is for later.
 */
export async function bisect<T>(
  events: readonly T[],
  post: (events: readonly T[]) => Promise<BatchOutcome>,
  probes: number,
): Promise<Result> {
  let left = probes
  const ask = async (part: readonly T[]): Promise<Result> => {
    if (left === 0) return allOf(part, 'later')
    left -= 1
    const outcome = await post(part)
    if (typeof outcome === 'object') return allOf(part, 'later', outcome)
    if (outcome === 'stored' || part.length === 1) return allOf(part, outcome)
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
