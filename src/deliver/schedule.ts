import { alsoGone } from '../settings/collector.ts'
import type { Context } from '../settings/context.ts'
import { isOwnState } from '../store/foreign.ts'
import { liveHolder } from '../store/lock-holder.ts'
import { queuedNames, wipeQueue } from '../store/queue.ts'
import { noticeWasSeen, readStats } from '../store/stats.ts'
import {
  mustWait,
  readUploadState,
  type UploadState,
  writeUploadState,
} from '../store/upload-state.ts'
import type { PostOutcome } from './http/outcome.ts'
import { limits, waitMs } from './policy.ts'
import type { Tally } from './tally.ts'

/** Should an uploader be started? Checking costs much less than starting one. */
export function uploadIsDue(context: Context, except: ReadonlySet<string> = new Set()): boolean {
  const { verdict, paths, environment } = context
  // In a folder that is not ours, any file may be a link to one of ours.
  if (!verdict.uploading || !isOwnState(paths.state)) return false
  const names = queuedNames(paths.queue).filter((name) => !except.has(name))
  if (names.length === 0) return false
  const now = environment.now()
  const state = uploadStateOf(context)
  // The statistics are the larger file, so the pause that most hosts find here is checked first.
  if (state.unread !== undefined || mustWait(state.next_attempt, now)) return false
  if (!noticeWasSeen(paths.stats)) return false
  const isWaiting = (name: string) =>
    mustWait(state.refused[name], now) || state.delivered.includes(name)
  return !names.every(isWaiting) && liveHolder(paths.lock) === undefined
}

export function uploadStateOf({ paths, choices }: Context): UploadState {
  return readUploadState(paths.uploads, choices.endpoint.value)
}

/** Is a pause in force, because the collector asked for one or could not be reached? */
export function isResting(context: Context): boolean {
  const { choices, environment } = context
  if (choices.runtimeEndpoint.value !== choices.endpoint.value) return false
  const state = uploadStateOf(context)
  return state.unread !== undefined || mustWait(state.next_attempt, environment.now())
}

/** Saves what the answer to a host's own post means for all posts. */
export function noteAnswer(context: Context, endpoint: string, outcome: PostOutcome): void {
  if (outcome.kind !== 'answered' || endpoint !== context.choices.endpoint.value) return
  const { status } = outcome
  if (status === goneStatus) note(context, { gone: true })
  else if (isUnconfirmed(status)) note(context, { unconfirmed: status })
}

function note(context: Context, answers: LastingAnswers): void {
  const before = uploadStateOf(context)
  // To write now would forget what the file says. The next answer tells us again.
  if (before.unread === undefined) save(context, before, {}, answers)
}

/** Saves how a session ended, for every process that decides whether to start the next. */
export function saveUploadState(
  context: Context,
  tally: Tally,
  reason: string | null,
  files: Pick<UploadState, 'refused' | 'delivered'>,
): void {
  const { delivered, stop, isAway, answers } = tally
  const now = context.environment.now()
  const isFailure = (stop !== null || isAway) && answers.unconfirmed === undefined
  const before = uploadStateOf(context)
  const failures = isFailure ? before.failures + 1 : 0
  const wait = isFailure ? waitMs(stop ?? {}, failures, Math.random) : undefined
  save(
    context,
    before,
    {
      last_attempt: new Date(now).toISOString(),
      last_result: reason ?? `delivered ${delivered}`,
      next_attempt: wait === undefined ? null : new Date(now + wait).toISOString(),
      failures,
      unconfirmed: null,
      ...files,
    },
    answers,
  )
}

/** The answers that are about this endpoint and this version, not about an event. */
export interface LastingAnswers {
  /** The status of a success that confirms nothing, if there was no delivery. */
  readonly unconfirmed?: number
  readonly gone?: true
}

export const goneStatus = 410

/** A success that does not confirm that the event was stored. */
export function isUnconfirmed(status: number): boolean {
  return status >= 200 && status < 300 && status !== 204
}

function save(
  context: Context,
  before: UploadState,
  changes: Partial<UploadState>,
  { unconfirmed, gone }: LastingAnswers,
): void {
  const { paths, environment, choices } = context
  const now = environment.now()
  const tomorrow = new Date(now + limits.unconfirmedMs).toISOString()
  // The events of a version that was told to stop can never be sent.
  if (gone) wipeQueue(paths.queue)
  try {
    writeUploadState(paths.uploads, {
      ...before,
      ...changes,
      unread: undefined,
      endpoint: choices.endpoint.value,
      ...(unconfirmed !== undefined && {
        next_attempt: tomorrow,
        unconfirmed: { status: unconfirmed, until: tomorrow },
      }),
      ...(gone && {
        ...alsoGone(before, {
          version: context.version ?? hostVersion(paths.stats),
          at: new Date(now).toISOString(),
          endpoint: choices.endpoint.value,
        }),
        next_attempt: null,
        failures: 0,
        refused: {},
      }),
    })
  } catch {
    // The disk is full or read-only. The next session finds the queue as it is.
  }
}

/** The version of the last host that recorded. */
function hostVersion(stats: string): string | null {
  const reading = readStats(stats)
  return reading.kind === 'read' ? reading.stats.version : null
}
