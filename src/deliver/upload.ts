import { removeLeftovers } from '../store/cleanup.ts'
import { foreignIn } from '../store/foreign.ts'
import { takeUploadLock } from '../store/upload-lock.ts'
import { queuedNames } from '../store/queue.ts'
import { mustWait, readUploadState } from '../store/upload-state.ts'
import { uploadIsDue } from './schedule.ts'
import { runSession, type SessionEnd, type SessionOptions } from './session.ts'

export interface UploadOptions extends SessionOptions {
  readonly deadlineMs: number
}

/** Delivers what waits, if we may and nobody else is at it. */
export async function upload(options: UploadOptions): Promise<SessionEnd> {
  const { context, impatient } = options
  const until = Date.now() + options.deadlineMs
  const handed = new Set<string>()
  let result: SessionEnd = { attempted: 0, delivered: 0, reason: null, isCutShort: false }
  for (;;) {
    const { verdict, paths, environment } = context()
    if (!verdict.uploading) return { ...result, reason: `off (${verdict.decidedBy})` }
    const [foreign] = foreignIn(paths)
    if (foreign !== undefined) return { ...result, reason: `${foreign.path} is not ours` }
    const next = readUploadState(paths.uploads).next_attempt
    if (!impatient && mustWait(next, environment.now())) {
      return { ...result, reason: `waiting until ${next}` }
    }
    if (queuedNames(paths.queue).length === 0) return result
    const lock = takeUploadLock(paths.lock)
    if (lock === undefined) return { ...result, reason: 'another uploader is running' }
    try {
      removeLeftovers(paths)
      const end = await runSession(options, until, handed, lock.isOurs)
      result = {
        attempted: result.attempted + end.attempted,
        delivered: result.delivered + end.delivered,
        reason: end.reason ?? result.reason,
        isCutShort: end.isCutShort,
      }
    } finally {
      lock.release()
    }
    // A host that queued an event while we held the lock left it to us. One that looks now finds
    // no lock and starts the next uploader itself. Trouble with one event is no reason to go.
    if (result.isCutShort || !uploadIsDue(context(), handed)) return result
  }
}
