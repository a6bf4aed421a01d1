import type { Context } from '../settings/context.ts'
import { portTo } from '../settings/proxy.ts'
import { removeDelivered, removeLeftovers } from '../store/cleanup.ts'
import { foreignIn } from '../store/foreign.ts'
import { noteInFlight } from '../store/in-flight.ts'
import { ledgerFault } from '../store/ledger-append.ts'
import { markKernel, sweepMarks } from '../store/leaving.ts'
import { liveHolder } from '../store/lock-holder.ts'
import type { Lock } from '../store/lock.ts'
import { takeUploadLock } from '../store/upload-lock.ts'
import { queuedNames } from '../store/queue.ts'
import { orphansSendTo } from '../store/orphans.ts'
import { holderHangs, killUploader, portsOfKilled, removeDeadSenders } from '../store/senders.ts'
import { noticeWasSeen } from '../store/stats.ts'
import { mustWait } from '../store/upload-state.ts'
import { uploadIsDue, uploadStateOf } from './schedule.ts'
import {
  interrupted,
  movedAway,
  runSession,
  type SessionEnd,
  type SessionOptions,
} from './session.ts'

export interface UploadOptions extends SessionOptions {
  readonly deadlineMs: number
}

/** Delivers what is waiting, if that is allowed and no other uploader is running. */
export async function upload(options: UploadOptions): Promise<SessionEnd> {
  const { context } = options
  const until = Date.now() + options.deadlineMs
  const handed = new Set<string>()
  let result: SessionEnd = { attempted: 0, delivered: 0, reason: null, isCutShort: false }
  for (;;) {
    const { paths } = context()
    const why = whyNot(options)
    if (why !== undefined) return { ...result, reason: why }
    if (queuedNames(paths.queue).length === 0) return result
    const lock = await lockFor(options, until)
    if (typeof lock === 'string') return { ...result, reason: lock }
    recover(context(), lock)
    // What can't be put on record does not leave.
    const fault = ledgerFault(paths.ledger)
    if (fault !== undefined) {
      lock.release()
      return { ...result, reason: `cannot write ${paths.ledger}: ${fault}` }
    }
    try {
      noteInFlight(context(), paths)
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
    // A host that queued an event while we held the lock left it to us. A host that checks now finds
    // no lock and starts the next uploader itself. So check the queue again before ending.
    if (result.isCutShort || !uploadIsDue(context(), handed)) return result
  }
}

/** Cleans up behind processes that were killed. If that fails, it is left to the next holder of the lock. */
function recover(context: Context, lock: Lock): void {
  const { paths, choices, environment } = context
  const { env } = environment
  try {
    removeLeftovers(paths)
    for (const port of portsOfKilled(paths, portTo(choices.endpoint.value, env))) {
      if (orphansSendTo(port)) markKernel(paths, port)
    }
    sweepMarks(paths, env)
    const wereKilled = removeDeadSenders(paths) || lock.isInherited
    if (wereKilled) removeDelivered(paths)
  } catch (error) {
    lock.releaseForRecovery()
    throw error
  }
}

function whyNot({ context, endpoint, impatient, signal }: UploadOptions): string | undefined {
  if (signal?.aborted) return interrupted
  const now = context()
  const { verdict, paths, environment, choices } = now
  if (!verdict.uploading) return `off (${verdict.decidedBy})`
  if (endpoint !== undefined && choices.endpoint.value !== endpoint) return movedAway
  const [foreign] = foreignIn(paths)
  if (foreign !== undefined) return `${foreign.path} is not ours`
  // A person who asks for an upload knows about telemetry and does not wait for a back-off.
  if (impatient) return undefined
  if (!noticeWasSeen(paths.stats)) return 'nobody has seen the notice yet'
  const { next_attempt: next } = uploadStateOf(now)
  return mustWait(next, environment.now()) ? `waiting until ${next}` : undefined
}

const lookAgainMs = 50

/** An upload that a person asked for waits for a running uploader, or takes over from one that hangs. */
async function lockFor(options: UploadOptions, until: number): Promise<Lock | string> {
  const { paths } = options.context()
  for (;;) {
    const lock = takeUploadLock(paths.lock)
    if (lock !== undefined) return lock
    if (!options.impatient || Date.now() > until) return 'another uploader is running'
    const holder = liveHolder(paths.lock)
    if (holder !== undefined && holderHangs(paths.lock) && !killUploader(holder)) {
      return `another uploader hangs (process ${holder.pid})`
    }
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    const why = whyNot(options)
    if (why !== undefined) return why
  }
}
