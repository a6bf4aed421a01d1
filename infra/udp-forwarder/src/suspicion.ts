import type { Batch } from './batch.ts'

/** So often may the worker fail at one event while it stores others. */
const patience = 3

/**
 * A worker that falls over at one event would fall over at it for ever. But nothing is given up for
 * the worker's own troubles: only an event that was posted alone is a suspect, and only failures
 * between which the worker stored something else count.
 */
export function isHopeless(batch: Batch, lines: number, storedPosts: number): boolean {
  if (lines > 1 || batch.storedElsewhere === storedPosts) return false
  batch.storedElsewhere = storedPosts
  batch.faults += 1
  return batch.faults >= patience
}
