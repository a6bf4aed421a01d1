import type { Context } from '../settings/context.ts'
import { liveHolder } from '../store/lock-holder.ts'
import { queuedNames } from '../store/queue.ts'
import { noticeWasSeen } from '../store/stats.ts'
import { mustWait, readUploadState, writeUploadState } from '../store/upload-state.ts'
import { waitMs } from './policy.ts'
import type { Tally } from './session.ts'

/** Is there work for an uploader that may start, and nobody at it? Looking costs less than starting one. */
export function uploadIsDue(
  { verdict, paths, environment }: Context,
  except: ReadonlySet<string> = new Set(),
): boolean {
  if (!verdict.uploading) return false
  const names = queuedNames(paths.queue).filter((name) => !except.has(name))
  if (names.length === 0 || !noticeWasSeen(paths.stats)) return false
  const now = environment.now()
  const { next_attempt: next, refused } = readUploadState(paths.uploads)
  if (mustWait(next, now)) return false
  if (names.every((name) => mustWait(refused[name], now))) return false
  return liveHolder(paths.lock) === undefined
}

/** Writes down how a session ended, for every process that asks whether to start the next. */
export function saveUploadState(
  { paths, environment }: Context,
  { delivered, stop, isAway }: Tally,
  reason: string | null,
  refused: Readonly<Record<string, string>>,
): void {
  const now = environment.now()
  const failed = stop !== null || isAway
  const failures = failed ? readUploadState(paths.uploads).failures + 1 : 0
  const wait = failed ? waitMs(stop ?? {}, failures, Math.random) : undefined
  try {
    writeUploadState(paths.uploads, {
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
