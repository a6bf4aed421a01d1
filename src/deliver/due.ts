import type { Situation } from '../settings/situation.ts'
import { liveHolder } from '../store/holder.ts'
import { queuedNames } from '../store/queue.ts'
import { mustWait, readUploads } from '../store/uploads.ts'

/** Is there work for an uploader that may start, and nobody at it? Looking costs less than starting one. */
export function uploadIsDue(
  { verdict, paths, surroundings }: Situation,
  except: ReadonlySet<string> = new Set(),
): boolean {
  if (!verdict.uploading) return false
  const names = queuedNames(paths.queue).filter((name) => !except.has(name))
  if (names.length === 0) return false
  const now = surroundings.now()
  const { next_attempt: next, refused } = readUploads(paths.uploads)
  if (mustWait(next, now)) return false
  if (names.every((name) => mustWait(refused[name], now))) return false
  return liveHolder(paths.lock) === undefined
}
