import { renameSync } from 'node:fs'
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
const patience = { stillMs: 2000, movingMs: 10_000, pauseMs: 100, holderMs: 5000 } as const

/**
 * Changes the statistics while no other process does. Answers undefined when the file could not be
 * had in time: a host is not held up, its count is given up. Not synced to the platter: a host does
 * not wait for a disk, and what a power cut takes is at most the last seconds' counts.
 */
export function changeStats<T>(
  file: string,
  now: string,
  change: (stats: Stats, history: History) => { readonly stats: Stats; readonly result: T },
): T | undefined {
  const lock = standInLine(file)
  if (lock === undefined) return undefined
  try {
    const reading = readStats(file)
    const { stats, result } =
      reading.kind === 'read'
        ? change(reading.stats, 'known')
        : reading.kind === 'absent'
          ? change(freshStats(now), 'none')
          : change(rebuild(file, now), 'lost')
    const temporary = temporaryName(file)
    writeNewFile(temporary, `${JSON.stringify(stats)}\n`, false)
    renameSync(temporary, file)
    return result
  } finally {
    lock.release()
  }
}

function standInLine(file: string): Lock | undefined {
  const self = { pid: process.pid, born: null }
  makeFolder(path.dirname(file))
  const start = process.uptime() * 1000
  let turn = 0
  let turned = start
  for (let pause = 1; ; pause = Math.min(pause * 2, patience.pauseMs)) {
    const lock = takeLock(`${file}.lock`, self, patience.holderMs)
    if (lock !== undefined) return lock
    const now = process.uptime() * 1000
    const written = look(file)?.mtimeMs ?? 0
    if (written !== turn) turned = now
    turn = written
    if (now - turned > patience.stillMs || now - start > patience.movingMs) return undefined
    // A hundred hosts that look every millisecond would leave no processor to the one at work.
    waitSync(1 + Math.random() * pause)
  }
}

/** Puts the damaged file aside for whoever wants to know, and saves of it what can be read. */
function rebuild(file: string, now: string): Stats {
  const reading = readSmallFile(file, 1024 * 1024)
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  const aside = `${file}.damaged`
  try {
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
