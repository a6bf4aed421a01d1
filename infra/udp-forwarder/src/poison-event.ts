import type { Batch } from './batch.ts'

/** How often the worker may fail at one event while it stores others. */
const patience = 3

/**
 * A worker that crashes at one event would crash at it for ever. But no event is given up because the
 * worker itself is in trouble: the event must have been posted alone, and only failures between
 * which the worker stored something else count.
 */
export function isPoisonEvent(batch: Batch, lines: number, storedPosts: number): boolean {
  if (lines > 1 || batch.storedElsewhere === storedPosts) return false
  batch.storedElsewhere = storedPosts
  batch.faults += 1
  return batch.faults >= patience
}
