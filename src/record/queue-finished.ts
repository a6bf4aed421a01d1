import type { Context } from '../settings/context.ts'
import { momentOf } from '../settings/host-environment.ts'
import { changeStats } from '../store/stats-file.ts'
import { queueDrafts, unlessChanged } from './queue-drafts.ts'
import { continued } from './recover.ts'

/** Queues events that no milestone holds back. `lost` events were dropped before them for lack of room. */
export function queueFinished(
  context: Context,
  events: readonly { readonly id: string; readonly bytes: string }[],
  lost = 0,
): void {
  if (!context.verdict.uploading || events.length + lost === 0) return
  const { paths, environment } = context
  const moment = momentOf(environment)
  changeStats(paths.stats, moment, (found, history) => {
    const before = continued(context, found, history)
    const drafts = events.map(({ id, bytes }) => ({ id, build: () => bytes }))
    const counted = { ...before, dropped: before.dropped + lost }
    const { stats, put } = queueDrafts(context, moment.now, counted, drafts)
    return { stats, put: () => unlessChanged(context, put()), result: undefined }
  })
}
