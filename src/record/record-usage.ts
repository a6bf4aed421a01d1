import { timestamp } from '../contract/timestamp.ts'
import { noticeVersion } from '../contract/versions.ts'
import { steadyMs } from '../files/clock.ts'
import type { Product } from '../product/product.ts'
import { newUuid } from '../files/uuid.ts'
import type { Context } from '../settings/context.ts'
import { type Moment, momentOf } from '../settings/host-environment.ts'
import { mintClientId } from '../store/client-id.ts'
import { isOwnState } from '../store/foreign.ts'
import {
  hasPostponed,
  postpone,
  readPostponed,
  remainingOf,
  removePostponed,
} from '../store/postponed.ts'
import { changeStats } from '../store/stats-file.ts'
import { readStats, type Stats } from '../store/stats.ts'
import { counted } from './count.ts'
import { type Counting, countingIn } from './counting.ts'
import { type ReachedMilestone, type UsageInput, milestonesReached } from './milestones.ts'
import { type Draft, queueDrafts, unlessChanged } from './queue-drafts.ts'
import { markedWithId } from './machine.ts'
import { continued } from './recover.ts'
import { buildUsage, noVersion, usableVersion } from './usage.ts'

export interface Recorded {
  /** The bytes of what was queued now. */
  readonly queued: readonly string[]
  /** No person on this machine has seen the notice yet. */
  readonly noticeDue: boolean
  /** Nothing was recorded on this machine before. */
  readonly isFirst: boolean
  /** False until it is certain that a person has seen the notice. */
  readonly mayLeave: boolean
}

interface Folded extends Recorded {
  /** How many postponed counts the statistics have got. */
  readonly added: number
}

const nothing: Recorded = { queued: [], noticeDue: false, isFirst: false, mayLeave: true }

/** How many marks of milestones are remembered. A version adds a handful of marks. */
const marksKept = 500

/** How long a host spends on counts that others have postponed. */
const foldMs = 40

/**
 * Counts what has happened, and queues an event for each milestone that it reaches. For other
 * processes this is one step: counters are exact, and no milestone and no sequence number comes
 * twice. If the statistics are not free in time, the count is left for the next process that has
 * them.
 */
export function recordUsage(
  context: Context,
  version: string | undefined,
  input: UsageInput,
  noticeIsSeen: () => boolean,
): Recorded {
  const { verdict, paths, environment } = context
  if (!verdict.collecting || !isOwnState(paths.state)) return nothing
  const moment = momentOf(environment)
  const own: Counting = {
    at: timestamp(moment.now),
    ...(version !== undefined && { version: usableVersion(version) }),
    mayLeave: verdict.uploading,
    input,
  }
  const recorded = fold(context, moment, [own], noticeIsSeen)
  // If consent has changed meanwhile, the new verdict decides how this is recorded, if at all.
  if (recorded === 'changed') {
    return recordUsage(context.again(), version, input, noticeIsSeen)
  }
  if (recorded === undefined) postpone(paths.stats, moment.now, own)
  const all = [recorded ?? { ...nothing, mayLeave: isTold(paths.stats) }]
  // The last holder looks for postponed counts after it has released the lock, and a host that has
  // postponed one looks for the lock: so one of the two sees the other.
  all.push(...foldPostponed(context, { waitMs: 0, forMs: foldMs }))
  return {
    queued: all.flatMap(({ queued }) => queued),
    noticeDue: all.some(({ noticeDue }) => noticeDue),
    isFirst: all.some(({ isFirst }) => isFirst),
    mayLeave: all.every(({ mayLeave }) => mayLeave),
  }
}

/**
 * Adds counts that other processes have postponed, for at most that long. An uploader delays no host,
 * so it takes all the time it needs.
 */
export function foldPostponed(
  context: Context,
  { waitMs, forMs }: { readonly waitMs: number; readonly forMs: number },
): readonly Recorded[] {
  const { verdict, paths, environment } = context
  if (!verdict.collecting || !isOwnState(paths.state)) return []
  const end = steadyMs() + forMs
  const all: Recorded[] = []
  while (hasPostponed(paths.stats) && steadyMs() < end) {
    const more = fold(context, momentOf(environment), [], () => false, waitMs)
    // What was added before and can't be removed is there for good.
    if (typeof more !== 'object' || more.added === 0) break
    all.push(more)
  }
  return all
}

/** Was the notice seen, by statistics that another process has locked now? */
function isTold(stats: string): boolean {
  const reading = readStats(stats)
  return reading.kind === 'read' && reading.stats.notice >= noticeVersion
}

/** Adds postponed counts and then these ones to the statistics. Undefined if they are not free. */
function fold(
  context: Context,
  moment: Moment,
  own: readonly Counting[],
  noticeIsSeen: () => boolean,
  waitMs?: number,
): Folded | 'changed' | undefined {
  const { product, verdict, paths } = context
  let isChanged = false
  const recorded = changeStats(
    paths.stats,
    moment,
    (found, history) => {
      const known = remainingOf(paths.stats, found.folded)
      const postponed = readPostponed(paths.stats, known)
      const all = [...postponed.flatMap(({ content }) => countingIn(content)), ...own]
      const before = continued(context, found, history, own[0]?.version)
      const names = [...known, ...postponed.map(({ name }) => name)]
      let after = names.length + before.folded.length === 0 ? before : { ...before, folded: names }
      const drafts: Draft[] = []
      for (const one of all) {
        const { stats, due } = counting(product, after, one)
        after = stats
        if (!verdict.uploading || !one.mayLeave) continue
        drafts.push(...due.map(({ trigger }) => draft(context, one.at, trigger, stats)))
      }
      const noticeDue = before.notice < noticeVersion
      if (own.length > 0 && noticeDue && noticeIsSeen()) after = { ...after, notice: noticeVersion }
      const drafted = queueDrafts(context, moment.now, after, drafts)
      const { stats: written, queued, put, dropOldest } = drafted
      return {
        stats: markedWithId(context, written),
        put: () => {
          const files = unlessChanged(context, put())
          isChanged = files === undefined
          return files
        },
        done: () => {
          dropOldest()
          if (names.length > 0) removePostponed(paths.stats, names)
        },
        result: {
          queued,
          noticeDue,
          isFirst: history === 'none',
          mayLeave: true,
          added: postponed.length,
        },
      }
    },
    waitMs,
  )
  return isChanged ? 'changed' : recorded
}

function counting(
  product: Product,
  before: Stats,
  { at, version, mayLeave, input, dropped = 0 }: Counting,
): { readonly stats: Stats; readonly due: readonly ReachedMilestone[] } {
  const stats = counted(product, before, input, { at, mayLeave })
  const release = version ?? stats.version ?? noVersion
  const due = milestonesReached(product, stats, release, input)
  return {
    due,
    stats: {
      ...stats,
      version: input.isAnnouncement ? stats.version : (version ?? stats.version),
      fired: remembered(stats.fired, due),
      dropped: stats.dropped + dropped,
    },
  }
}

function draft(context: Context, at: string, trigger: string, stats: Stats): Draft {
  const { product, paths, environment } = context
  const id = newUuid()
  return {
    id,
    build: (sequence) =>
      buildUsage(product, {
        eventId: id,
        installId: mintClientId(paths.clientId),
        trigger,
        at,
        version: stats.version ?? noVersion,
        platform: environment.platform,
        arch: environment.arch,
        stats: { ...stats, sequence },
      }),
  }
}

/** Marks of old versions may be forgotten. Marks without a version are kept for good. */
function remembered(fired: readonly string[], due: readonly ReachedMilestone[]): readonly string[] {
  if (due.length === 0) return fired
  const marks = [...fired, ...due.map(({ mark }) => mark)]
  if (marks.length <= marksKept) return marks
  const isOfVersion = (mark: string) => mark.includes('@')
  return [
    ...marks.filter((mark) => !isOfVersion(mark)),
    ...marks.filter(isOfVersion).slice(-marksKept),
  ]
}
