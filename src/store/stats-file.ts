import { renameSync, rmSync } from 'node:fs'
import path from 'node:path'

import { look } from '../files/look.ts'
import { readSmallFile } from '../files/read.ts'
import { waitSync } from '../files/wait.ts'
import { makeFolder, removeFile, temporaryName, writeNewFile } from '../files/write.ts'
import { type Lock, takeLock } from './lock.ts'
import { freshStats, readStats, type Stats } from './stats.ts'

/** Is what this machine did before written down, was there nothing, or was it damaged? */
export type History = 'known' | 'none' | 'lost'

/**
 * How long a host may stand in a line that does not move, and in one that does; how long it looks
 * away at most; and when a holder counts as stuck.
 */
const patience = { stillMs: 2000, movingMs: 10_000, pauseMs: 100, holderMs: 15_000 } as const

export interface Change<T> {
  readonly stats: Stats
  readonly result: T
  /** Puts into the queue what the statistics say is there. False where nothing shall be changed. */
  readonly put: () => boolean
}

/**
 * Changes the statistics while no other process does. Answers undefined when the file could not be
 * had in time: a host is not held up, its count is given up. Not synced to the platter: a host does
 * not wait for a disk, and what a power cut takes is at most the last seconds' counts.
 */
export function changeStats<T>(
  file: string,
  now: string,
  change: (stats: Stats, history: History) => Change<T>,
): T | undefined {
  const lock = standInLine(file)
  if (lock === undefined) return undefined
  const temporary = temporaryName(file)
  try {
    const reading = readStats(file)
    const { stats, result, put } =
      reading.kind === 'read'
        ? change(steadied(reading.stats, now), 'known')
        : reading.kind === 'absent'
          ? change(freshStats(now), 'none')
          : change(rebuild(file, now), 'lost')
    writeNewFile(temporary, `${JSON.stringify(stats)}\n`, false)
    // Not before there is room for the statistics: what they do not know of would be made again.
    if (put()) {
      renameSync(temporary, file)
      return result
    }
    removeFile(temporary)
    return undefined
  } catch (error) {
    removeFile(temporary)
    throw error
  } finally {
    lock.release()
  }
}

/**
 * Waits for its turn. What counts is the time for which it chose to wait: where processors are
 * scarce, everything takes longer, also for the one who is at work.
 */
function standInLine(file: string): Lock | undefined {
  const self = { pid: process.pid, born: null }
  makeFolder(path.dirname(file))
  let turn = 0
  let still = 0
  let waited = 0
  // A hundred hosts that look every millisecond would leave no processor to the one at work.
  for (let most = 1; ; most = Math.min(most * 2, patience.pauseMs)) {
    const lock = takeLock(`${file}.lock`, self, patience.holderMs)
    if (lock !== undefined) return lock
    const written = look(file)?.mtimeMs ?? 0
    if (written !== turn) still = 0
    turn = written
    if (still > patience.stillMs || waited > patience.movingMs) return undefined
    const pause = 1 + Math.random() * most
    waitSync(pause)
    still += pause
    waited += pause
  }
}

const leapMs = 30 * 24 * 60 * 60 * 1000

/**
 * A leap of the clock and a machine that was switched off for long look the same. After either, ages
 * count from anew: nothing is thrown away because a clock was wrong for a while.
 */
function steadied(stats: Stats, now: string): Stats {
  const gap = Math.abs(Date.parse(now) - Date.parse(stats.counters_as_of))
  return gap < leapMs ? stats : { ...stats, steady_since: now }
}

/** Puts the damaged file aside for whoever wants to know, and saves of it what can be read. */
function rebuild(file: string, now: string): Stats {
  const reading = readSmallFile(file, 1024 * 1024)
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  const aside = `${file}.damaged`
  try {
    // What was put aside before gives way; a folder would not do so by itself.
    rmSync(aside, { recursive: true, force: true })
    renameSync(file, aside)
  } catch {
    removeFile(file)
  }
  const fresh = freshStats(now)
  const [, firstSeen = now] = /"first_seen":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"/.exec(text) ?? []
  return { ...fresh, first_seen: firstSeen, sequence: numberIn(text, 'sequence') }
}

function numberIn(text: string, name: string): number {
  const number = Number(new RegExp(`"${name}":(\\d{1,15})\\b`).exec(text)?.[1] ?? 0)
  return Number.isSafeInteger(number) ? number : 0
}
