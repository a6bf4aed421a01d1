import { describe, type PostOutcome } from './http/outcome.ts'
import { decide, type Decision, isTheCollector } from './policy.ts'
import { goneStatus, isUnconfirmed, type LastingAnswers } from './schedule.ts'

/** The sum of the outcomes of one session. */
export interface Tally {
  readonly delivered: number
  /** The outcome of the last post that failed. */
  readonly trouble: string | null
  /** The decision that ended the session. Posts in flight may still succeed after it. */
  readonly stop: Pick<Decision, 'retryAfterMs'> | null
  /** Nothing was delivered, and the events were not at fault: back off from the collector. */
  readonly isAway: boolean
  readonly streak: number
  readonly answers: LastingAnswers
}

export const emptyTally: Tally = {
  delivered: 0,
  trouble: null,
  stop: null,
  isAway: false,
  streak: 0,
  answers: {},
}

export function tallied(tally: Tally, outcome: PostOutcome): Tally {
  // We aborted it ourselves, which says nothing about the collector.
  if (outcome.kind === 'failed' && outcome.reason === 'closed') return tally
  const { session, streak, ...decision } = decide(outcome, tally.streak)
  if (outcome.kind === 'delivered') {
    const { unconfirmed: _, ...answers } = tally.answers
    return { ...tally, delivered: tally.delivered + 1, isAway: false, streak, answers }
  }
  const answers = withAnswer(tally, outcome)
  const mustStop = session === 'stop' || answers !== tally.answers
  return {
    delivered: tally.delivered,
    trouble: describe(outcome),
    stop: tally.stop ?? (mustStop ? decision : null),
    isAway: tally.isAway || (tally.delivered === 0 && isTheCollector(outcome)),
    streak,
    answers,
  }
}

function withAnswer({ answers, delivered }: Tally, outcome: PostOutcome): LastingAnswers {
  if (outcome.kind !== 'answered') return answers
  if (outcome.status === goneStatus) return { ...answers, gone: true }
  const isLasting = isUnconfirmed(outcome.status) && delivered === 0
  return isLasting ? { ...answers, unconfirmed: outcome.status } : answers
}
