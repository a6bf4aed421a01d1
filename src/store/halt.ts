import { liveHolder } from './holder.ts'

/** How long an uploader that has been told to stop may take to notice, and to die. */
const patience = { noticeMs: 1200, dieMs: 600 } as const

/**
 * Returns when no uploader is at work any more. The settings say no by now, so that none will start;
 * one that is still running sees it within a moment, and one that hangs is ended.
 */
export async function haltUploader(lock: string): Promise<void> {
  if (await gone(lock, patience.noticeMs)) return
  const holder = liveHolder(lock)
  // Where the system does not tell when a process was born, its number may be somebody else's by now.
  if (holder === undefined || holder.pid === process.pid || holder.born === null) return
  try {
    process.kill(holder.pid, 'SIGKILL')
  } catch {
    // It ended just now.
  }
  await gone(lock, patience.dieMs)
}

async function gone(lock: string, withinMs: number): Promise<boolean> {
  // By the clock, not by counting rounds: on a busy machine a round takes longer than it should.
  const end = process.uptime() * 1000 + withinMs
  while (liveHolder(lock) !== undefined) {
    if (process.uptime() * 1000 > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}
