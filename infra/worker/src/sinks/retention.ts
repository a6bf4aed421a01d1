import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'

import { dayOf, expiredAmong } from './segment-names.ts'

/** Time, as the machine says it and as it passes. */
export interface Clock {
  /** Milliseconds since 1970. May jump. */
  readonly now: () => number
  /** Milliseconds since some moment. Never jumps. */
  readonly passed: () => number
}

export const machineClock: Clock = { now: Date.now, passed: () => performance.now() }

export interface Retention {
  /** Deletes what is due, once a day. */
  readonly act: () => Promise<void>
  readonly close: () => void
}

const hourMs = 60 * 60 * 1000

/**
 * Deletes the files of whole days, of every worker and product. A clock that jumped since the last time
 * deletes nothing: only if it still says so a day later.
 */
export function openRetention(
  folder: string,
  days: number,
  { now, passed }: Clock,
  note: (message: string) => void,
): Retention {
  let last = { now: now(), passed: passed() }
  let done = ''

  const act = async (): Promise<void> => {
    const time = now()
    const today = dayOf(time)
    if (today === done) return
    const jump = Math.abs(time - last.now - (passed() - last.passed))
    last = { now: time, passed: passed() }
    done = today
    if (jump > hourMs) return note('retention: the clock jumped; nothing is deleted today')
    const folders = [folder, ...(await foldersIn(folder))]
    let count = 0
    // One that can't be read or deleted must not keep the rest.
    const failed =
      (place: string, what: string) =>
      ({ code }: NodeJS.ErrnoException) =>
        note(`retention: ${path.relative(folder, place) || folder} could not be ${what}: ${code}`)
    for (const place of folders) {
      const names = (await readdir(place).catch(failed(place, 'read'))) ?? []
      for (const name of expiredAmong(names, time, days)) {
        const file = path.join(place, name)
        const gone = rm(file, { force: true }).then(() => 1)
        count += (await gone.catch(failed(file, 'deleted'))) ?? 0
      }
    }
    if (count > 0) note(`retention: ${count} files older than ${days} days were deleted`)
  }
  const actSafely = () =>
    act().catch((error: NodeJS.ErrnoException) => note(`retention: ${error.code ?? 'failed'}`))
  const timer = setInterval(() => void actSafely(), hourMs).unref()
  return { act: actSafely, close: () => clearInterval(timer) }
}

/** Other products' events lie in folders of their own. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name))
}
