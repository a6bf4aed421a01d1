import type { Situation } from '../settings/situation.ts'
import { readUploads, writeUploads } from '../store/uploads.ts'
import { waitMs } from './policy.ts'
import type { Tally } from './tally.ts'

/** Writes down how a session ended, for every process that asks whether to start the next. */
export function closeBooks(
  { paths, surroundings }: Situation,
  { delivered, stop, isAway }: Tally,
  reason: string | null,
  refused: Readonly<Record<string, string>>,
): void {
  const now = surroundings.now()
  const failed = stop !== null || isAway
  const failures = failed ? readUploads(paths.uploads).failures + 1 : 0
  const wait = failed ? waitMs(stop ?? {}, failures, Math.random) : undefined
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
