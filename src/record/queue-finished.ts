import { timestamp } from '../contract/timestamp.ts'
import type { Context } from '../settings/context.ts'
import { momentOf } from '../settings/host-environment.ts'
import { isOwnState } from '../store/foreign.ts'
import { postpone } from '../store/postponed.ts'
import { enqueueAll } from '../store/queue.ts'
import { changeStats } from '../store/stats-file.ts'
import { readStats } from '../store/stats.ts'
import { queueDrafts, unlessChanged } from './queue-drafts.ts'
import { markedWithId } from './machine.ts'
import { continued } from './recover.ts'

/**
 * Queues events that need no milestone. `lost` is how many were dropped before for lack of room. If they
 * are not wanted any more when they lie there, they are removed.
 */
export function queueFinished(
  context: Context,
  events: readonly { readonly id: string; readonly bytes: string }[],
  lost = 0,
  isWanted?: () => boolean,
): void {
  if (!context.verdict.uploading || events.length + lost === 0) return
  const { paths, environment } = context
  if (!isOwnState(paths.state)) return
  const moment = momentOf(environment)
  const isDone = changeStats(paths.stats, moment, (found, history) => {
    const before = continued(context, found, history)
    const drafts = events.map(({ id, bytes }) => ({ id, build: () => bytes }))
    const counted = { ...before, dropped: before.dropped + lost }
    const { stats, put, dropOldest } = queueDrafts(context, moment.now, counted, drafts)
    return {
      stats: markedWithId(context, stats),
      put: () => unlessChanged(context, put(), isWanted),
      done: dropOldest,
      result: true,
    }
  })
  if (isDone || !context.again().verdict.uploading) return
  // The statistics are locked. The sequence number only sorts the names, so the last known will do.
  const reading = readStats(paths.stats)
  const sequence = reading.kind === 'read' ? reading.stats.sequence + 1 : 0
  const named = events.map(({ id, bytes }) => ({ name: { sequence, at: moment.now, id }, bytes }))
  unlessChanged(context, enqueueAll(paths.queue, named), isWanted)
  if (lost > 0) {
    const input = { isAnnouncement: true }
    const at = timestamp(moment.now)
    postpone(paths.stats, moment.now, { at, mayLeave: true, input, dropped: lost })
  }
}
