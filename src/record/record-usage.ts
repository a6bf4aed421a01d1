import { randomUuid } from '../files/random.ts'
import type { Situation } from '../settings/situation.ts'
import { mintClientId } from '../store/client-id.ts'
import { enqueue, makeRoom, queuedNames } from '../store/queue.ts'
import { changeStats, type History } from '../store/stats-file.ts'
import type { Stats } from '../store/stats.ts'
import { counted } from './count.ts'
import { type Happening, milestonesDue, presumedFired } from './milestones.ts'
import { noticeVersion } from './notice.ts'
import { recovered } from './recover.ts'
import { timestamp } from '../contract/timestamp.ts'
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

/** A leap of the clock, or a machine switched off for long: nobody can tell which. */
const leapMs = 30 * 24 * 60 * 60 * 1000

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
  const recorded = changeStats(paths.stats, at, (found, history) => {
    const release = usableVersion(version)
    const reach = (stats: Stats) => {
      const after = counted(product, stats, happening, { at, mayLeave: verdict.uploading })
      return { stats: after, due: milestonesDue(product, after, release, happening) }
    }
    // Looking through the queue is only worth it for those who are about to add to it.
    const silent = history === 'known' && reach(found).due.length === 0
    const before = silent ? found : continued(situation, found, history)
    const { stats, due } = reach(before)
    const after: Stats = {
      ...stats,
      version: release,
      fired: [...stats.fired, ...due.map(({ mark }) => mark)].slice(-marksKept),
      notice: Math.max(stats.notice, noticeVersion),
    }
    const triggers = verdict.uploading ? due.map(({ trigger }) => trigger) : []
    const outcome = queueEvents(situation, after, { triggers, installId, now, before })
    return {
      stats: outcome.stats,
      result: { queued: outcome.queued, noticeDue: before.notice < noticeVersion },
    }
  })
  return recorded ?? nothing
}

/** The statistics to go on from, when the past was damaged or a host died while writing it. */
function continued({ product, paths }: Situation, stats: Stats, history: History): Stats {
  const known = history === 'lost' ? { ...stats, fired: presumedFired(product) } : stats
  return recovered(product, paths, known, history)
}

interface Batch {
  readonly triggers: readonly string[]
  readonly installId: string
  readonly now: number
  readonly before: Stats
}

function queueEvents(
  { product, paths, surroundings }: Situation,
  stats: Stats,
  { triggers, installId, now, before }: Batch,
): { readonly stats: Stats; readonly queued: readonly string[] } {
  if (triggers.length === 0) return { stats, queued: [] }
  const { platform, arch } = surroundings
  const events = triggers.flatMap((trigger, index) => {
    const eventId = randomUuid()
    const sequence = stats.sequence + index + 1
    const bytes = buildUsage(product, {
      eventId,
      installId,
      trigger,
      at: timestamp(now),
      version: stats.version ?? '',
      platform,
      arch,
      stats: { ...stats, sequence },
    })
    return bytes === undefined ? [] : [{ bytes, name: { sequence, at: now, id: eventId } }]
  })
  const dropped = makeRoom(paths.queue, queuedNames(paths.queue), {
    events: events.length,
    bytes: events.reduce((sum, { bytes }) => sum + bytes.length, 0),
    now,
    calm: Math.abs(now - Date.parse(before.counters_as_of)) < leapMs,
  })
  for (const { name, bytes } of events) enqueue(paths.queue, name, bytes)
  return {
    stats: {
      ...stats,
      sequence: stats.sequence + triggers.length,
      dropped: stats.dropped + dropped,
    },
    queued: events.map(({ bytes }) => bytes),
  }
}
