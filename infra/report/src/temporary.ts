import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'

import { ReportError, reasonOf } from './error.ts'

const made = new Set<string>()

/** Remembers a file or folder to remove when this process ends. Returns a function that removes it. */
export function untilEnd(place: string): () => void {
  made.add(place)
  return () => {
    made.delete(place)
    removeIfPossible(place)
  }
}

/** For a process that is told to end at once. */
export function removeTemporary(): void {
  for (const place of made) removeIfPossible(place)
  made.clear()
}

/** What stays is no reason to lose an answer: it goes with what killed processes left. */
function removeIfPossible(place: string): void {
  try {
    remove(place)
  } catch {
    // It stays until then.
  }
}

function remove(place: string): void {
  rmSync(place, { recursive: true, force: true })
}

const prefix = 'runmat-telemetry-report-'
const folderName = /^runmat-telemetry-report-(\d+)-\w+$/
const msPerDay = 86_400_000

/** A folder of its own for this process, after those of processes that were killed are gone. */
export function temporaryFolder(within: string, now: number): string {
  removeAbandonedIn(within, folderName, now)
  try {
    return mkdtempSync(path.join(within, `${prefix}${process.pid}-`))
  } catch (error) {
    throw new ReportError(`Can't write into the temporary folder ${within}: ${reasonOf(error)}.`, {
      hint: 'Name another one in TMPDIR.',
    })
  }
}

/** What killed processes left in a folder. The expression finds the process in a name. */
export function removeAbandonedIn(folder: string, names: RegExp, now: number): void {
  for (const name of namesIn(folder)) {
    const pid = names.exec(name)?.[1]
    if (pid !== undefined) removeAbandoned(path.join(folder, name), Number(pid), now)
  }
}

/** Another container may share the folder and not the process ids, so age counts as well. */
function removeAbandoned(place: string, pid: number, now: number): void {
  try {
    if (now - statSync(place).mtimeMs > msPerDay && !isRunning(pid)) remove(place)
  } catch {
    // Somebody else's, or already gone.
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

const unfinished =
  /^\.(?:\d{4}-\d{2}-\d{2}\.(?:parquet|[\w.-]+\.ndjson(?:\.gz)?)|[\w-]+\.lock)\.\d+\.tmp$/

/** What a process left in a folder of segments that was killed. Only for who holds its lock. */
export function removeUnfinished(folder: string): void {
  for (const name of namesIn(folder)) if (unfinished.test(name)) remove(path.join(folder, name))
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
