import { describe, type Outcome } from './outcome.ts'
import { decide, type Decision, isTheCollector } from './policy.ts'

/** What the outcomes of one session add up to. */
export interface Tally {
  readonly delivered: number
  /** What the last post that was not delivered came to. */
  readonly trouble: string | null
  /** The decision that ended the session; what was under way may still end well after it. */
  readonly stop: Pick<Decision, 'retryAfterMs'> | null
  /** Nothing was delivered, and it was not the events: the collector is to be left alone. */
  readonly isAway: boolean
  readonly streak: number
}

export const emptyTally: Tally = {
  delivered: 0,
  trouble: null,
  stop: null,
  isAway: false,
  streak: 0,
}

export function tallied(tally: Tally, outcome: Outcome): Tally {
  const { session, streak, ...decision } = decide(outcome, tally.streak)
  if (outcome.kind === 'delivered') {
    return { ...tally, delivered: tally.delivered + 1, isAway: false, streak }
  }
  return {
    delivered: tally.delivered,
    trouble: describe(outcome),
    stop: tally.stop ?? (session === 'stop' ? decision : null),
    isAway: tally.isAway || (tally.delivered === 0 && isTheCollector(outcome)),
    streak,
  }
}
