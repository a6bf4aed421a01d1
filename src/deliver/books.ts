import type { Situation } from '../settings/situation.ts'
import { readUploads, writeUploads } from '../store/uploads.ts'
import { type Decision, waitMs } from './policy.ts'

export interface Outcomes {
  readonly last: Decision
  readonly delivered: number
  readonly reason: string | null
  readonly refused: Readonly<Record<string, string>>
}

/** Writes down how a session ended, for every process that asks whether to start the next. */
export function closeBooks({ paths, surroundings }: Situation, outcomes: Outcomes): void {
  const { last, delivered, reason, refused } = outcomes
  const now = surroundings.now()
  const failed = last.session === 'stop' || (delivered === 0 && last.streak > 0)
  const failures = failed ? readUploads(paths.uploads).failures + 1 : 0
  const wait = failed ? waitMs(last, failures, Math.random) : undefined
  try {
    writeUploads(paths.uploads, {
      last_attempt: new Date(now).toISOString(),
      last_result: reason ?? `delivered ${delivered}`,
      next_attempt: wait === undefined ? null : new Date(now + wait).toISOString(),
      failures,
      refused,
    })
  } catch {
    // A disk that is full or read-only: the next session finds the queue as it is.
  }
}
