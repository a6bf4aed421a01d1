import { timestamp } from '../contract/timestamp.ts'
import { randomUuid } from '../files/random.ts'
import type { Situation } from '../settings/situation.ts'
import { mintClientId } from '../store/client-id.ts'
import { queuedNames } from '../store/queue.ts'
import { changeStats } from '../store/stats-file.ts'
import type { Stats } from '../store/stats.ts'
import { counted } from './count.ts'
import { type Happening, milestonesDue } from './milestones.ts'
import { noticeVersion } from './notice.ts'
import { continued, type Draft, queueDrafts } from './queue-drafts.ts'
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
export function recordUsage(situation: Situation, version: string, happening: Happening): Recorded {
  const { product, verdict, paths, surroundings } = situation
  if (!verdict.collecting) return nothing
  const now = surroundings.now()
  const at = timestamp(now)
  const installId = mintClientId(paths.clientId)
  const draft = (trigger: string, stats: Stats): Draft => {
    const id = randomUuid()
    return {
      id,
      build: (sequence) =>
        buildUsage(product, {
          eventId: id,
          installId,
          trigger,
          at,
          version: stats.version ?? '',
          platform: surroundings.platform,
          arch: surroundings.arch,
          stats: { ...stats, sequence },
        }),
    }
  }
  const recorded = changeStats(paths.stats, at, (found, history) => {
    const release = usableVersion(version)
    const reach = (stats: Stats) => {
      const after = counted(product, stats, happening, { at, mayLeave: verdict.uploading })
      return { stats: after, due: milestonesDue(product, after, release, happening) }
    }
    // Looking through the queue is only worth it for those who are about to add to it.
    const silent = history === 'known' && reach(found).due.length === 0
    const names = silent ? [] : queuedNames(paths.queue)
    const before = silent ? found : continued(situation, found, history, names, release)
    const { stats, due } = reach(before)
    const after: Stats = {
      ...stats,
      version: happening.isAnnouncement ? stats.version : release,
      fired: remembered([...stats.fired, ...due.map(({ mark }) => mark)]),
      notice: Math.max(stats.notice, noticeVersion),
    }
    const drafts = verdict.uploading ? due.map(({ trigger }) => draft(trigger, after)) : []
    const { stats: written, queued, put } = queueDrafts(situation, after, drafts, names)
    return { stats: written, put, result: { queued, noticeDue: before.notice < noticeVersion } }
  })
  return recorded ?? nothing
}

/** Marks of old versions may be forgotten; those that stand for all time, without one, never. */
function remembered(marks: readonly string[]): readonly string[] {
  const isOfVersion = (mark: string) => mark.includes('@')
  return [
    ...marks.filter((mark) => !isOfVersion(mark)),
    ...marks.filter(isOfVersion).slice(-marksKept),
  ]
}
