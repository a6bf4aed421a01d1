import { timestamp } from '../contract/timestamp.ts'
import { newUuid } from '../files/uuid.ts'
import type { Context } from '../settings/context.ts'
import { momentOf } from '../settings/host-environment.ts'
import { mintClientId } from '../store/client-id.ts'
import { changeStats } from '../store/stats-file.ts'
import type { Stats } from '../store/stats.ts'
import { counted } from './count.ts'
import { type ReachedMilestone, type UsageInput, milestonesReached } from './milestones.ts'
import { noticeVersion } from './notice.ts'
import { continued, type Draft, queueDrafts, unlessChanged } from './queue-drafts.ts'
import { buildUsage, usableVersion } from './usage.ts'

export interface Recorded {
  /** The bytes of what was queued now. */
  readonly queued: readonly string[]
  /** Must the user be told, because this has not been said on this machine before? */
  readonly noticeDue: boolean
}

const nothing: Recorded = { queued: [], noticeDue: false }

/** How many marks of milestones are remembered; a version more is a handful of marks more. */
const marksKept = 500

/**
 * Counts what has happened, and queues an event for each milestone that it reaches. The whole is
 * one step for other processes: counters are exact, and no milestone or sequence comes twice.
 */
export function recordUsage(context: Context, version: string, input: UsageInput): Recorded {
  const { product, verdict, paths, environment } = context
  if (!verdict.collecting) return nothing
  const moment = momentOf(environment)
  const at = timestamp(moment.now)
  const release = usableVersion(version)
  let isChanged = false
  const recorded = changeStats(paths.stats, moment, (found, history) => {
    const before = continued(context, found, history, release)
    const stats = counted(product, before, input, { at, mayLeave: verdict.uploading })
    const due = milestonesReached(product, stats, release, input)
    const after: Stats = {
      ...stats,
      version: input.isAnnouncement ? stats.version : release,
      fired: remembered(stats.fired, due),
      notice: Math.max(stats.notice, noticeVersion),
    }
    const drafts = verdict.uploading
      ? due.map(({ trigger }) => draft(context, at, trigger, after))
      : []
    const {
      stats: written,
      queued,
      put,
      dropOldest,
    } = queueDrafts(context, moment.now, after, drafts)
    return {
      stats: written,
      put: () => {
        const files = unlessChanged(context, put())
        isChanged = files === undefined
        return files
      },
      done: dropOldest,
      result: { queued, noticeDue: before.notice < noticeVersion },
    }
  })
  // What another word counts for is recorded as that word says, or not at all.
  return isChanged ? recordUsage(context.again(), version, input) : (recorded ?? nothing)
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
        version: stats.version ?? '',
        platform: environment.platform,
        arch: environment.arch,
        stats: { ...stats, sequence },
      }),
  }
}

/** Marks of old versions may be forgotten; those that stand for all time, without one, never. */
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
