import type { Context } from '../settings/context.ts'
import { answerTimeOf } from '../store/upload-state.ts'

const longestMs = 5000
/** Part of the drain time is for queueing what was not confirmed and starting the uploader. */
const afterwardsMs = 5
/** A post is only tried if it should be confirmed within this share of the drain. */
const safety = 0.8

/** How long a closing host waits for what it is sending. */
export function drainMs({ choices: { drainMode, drainTimeoutMs } }: Context): number {
  const limit = drainMode.value === 'none' ? 0 : Math.min(drainTimeoutMs.value, longestMs)
  return limit - Math.min(limit / 10, afterwardsMs)
}

/**
 * Can a post be confirmed before the drain ends? If not, the uploader would send the event a second
 * time, so it is left to the uploader. Before the first post to a collector this is unknown.
 */
export function fitsIntoDrain(context: Context): boolean {
  const { choices, paths } = context
  if (choices.syncMode.value) return true
  const wait = drainMs(context)
  const known = answerTimeOf(paths.state, choices.runtimeEndpoint.value) ?? 0
  return wait > 0 && known <= wait * safety
}

export async function withinTime(limitMs: number, work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    // In a busy host the timer may fire late. Read what has arrived before giving up.
    timer = setTimeout(() => setImmediate(resolve), limitMs)
  })
  await Promise.race([Promise.all(work), limit])
  clearTimeout(timer)
}

const atExit = new Set<() => void>()

/** Calls back if the process ends before the work does. One listener, as Node warns of more than ten. */
export async function unlessSettled(
  work: readonly Promise<void>[],
  abandon: () => void,
): Promise<void> {
  if (atExit.size === 0) process.once('exit', abandonAll)
  atExit.add(abandon)
  await Promise.all(work)
  atExit.delete(abandon)
  if (atExit.size === 0) process.removeListener('exit', abandonAll)
}

function abandonAll(): void {
  for (const abandon of atExit) abandon()
}
