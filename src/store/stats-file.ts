import { renameSync } from 'node:fs'
import path from 'node:path'

import { timestamp } from '../contract/timestamp.ts'
import { codeOf } from '../files/errors.ts'
import { retryWhileInUse } from '../files/errors.ts'
import { look } from '../files/read.ts'
import { readSmallFile } from '../files/read.ts'
import { removeAll } from '../files/write.ts'
import { waitSync } from '../files/errors.ts'
import { makeFolder, removeFile, temporaryName, writeFully, writeNewFile } from '../files/write.ts'
import type { Moment } from '../settings/host-environment.ts'
import { type Lock, takeLock } from './lock.ts'
import { freshStats, parseStats, readStats, type Stats } from './stats.ts'

/**
 * Is what this machine did before written down, was there nothing, or was it damaged? Doubtful is
 * what may be less than what was done: a host or the machine may have died before writing it.
 */
export type History = 'known' | 'doubtful' | 'none' | 'lost'

/**
 * How long a host may stand in a line that does not move, and in one that does; how long it looks
 * away at most; and when a holder counts as stuck.
 */
const patience = { stillMs: 2000, movingMs: 10_000, pauseMs: 100, holderMs: 15_000 } as const

export interface Change<T> {
  readonly stats: Stats
  readonly result: T
  /**
   * Puts into the queue what the statistics say is there, and answers with its files; undefined
   * where nothing shall be changed.
   */
  readonly put: () => readonly string[] | undefined
  /** Runs once the change is written, while the lock is still held. */
  readonly done?: () => void
}

/**
 * Changes the statistics while no other process does. Answers undefined when the file could not be
 * had in time: a host is not held up, its count is given up. Not synced to the platter: a host does
 * not wait for a disk, and what a power cut takes is at most the last seconds' counts.
 */
export function changeStats<T>(
  file: string,
  moment: Moment,
  change: (stats: Stats, history: History) => Change<T>,
): T | undefined {
  const lock = standInLine(file)
  if (lock === undefined) return undefined
  let files: readonly string[] = []
  let next: NextStats | undefined
  let isDone = false
  try {
    const { stats, history, size } = past(file, moment, lock)
    const { stats: after, result, put, done } = change(stats, history)
    next = prepare(file, lock, size, after)
    // Not before there is room for the statistics: what they do not know of would be made again.
    const queued = put()
    if (queued === undefined) return undefined
    files = queued
    if (!lock.isOurs()) throw new Error('the statistics were taken over by another process')
    next.commit()
    isDone = true
    done?.()
    return result
  } finally {
    if (!isDone) {
      for (const queued of files) removeFile(queued)
      next?.discard()
    }
    if (isDone || !lock.isInherited) lock.release(isDone && next?.isInPlace)
    else lock.releaseForRecovery()
  }
}

interface NextStats {
  readonly isInPlace: boolean
  readonly commit: () => void
  /** Undoes what was prepared, where it was not committed. */
  readonly discard: () => void
}

/**
 * Where the new statistics fit into the room of the old, they are written over them: one system call
 * that needs no room and, for a page, happens wholly or not at all, whoever is killed. Where they do
 * not, a new file takes the place of the old one.
 */
function prepare(file: string, lock: Lock, size: number, stats: Stats): NextStats {
  const fields = JSON.stringify({ ...stats, pid: undefined, writer: process.pid })
  const bytes = inWholePages(`${signature(0)},${fields.slice(1)}`)
  if (lock.isHardLink && bytes.length === size) {
    const commit = () => writeFully(lock.descriptor, bytes, 0)
    return { isInPlace: true, commit, discard: () => undefined }
  }
  const temporary = temporaryName(file)
  writeNewFile(temporary, bytes, false)
  return {
    isInPlace: false,
    commit: () => retryWhileInUse(() => renameSync(temporary, file)),
    discard: () => removeFile(temporary),
  }
}

const pageSize = 4096

/** So that few changes need more room: a JSON text may end in blanks. */
function inWholePages(text: string): Buffer {
  const length = Buffer.byteLength(text) + 1
  const blanks = Math.ceil(length / pageSize) * pageSize - length
  return Buffer.from(`${text}${' '.repeat(blanks)}\n`)
}

/** Who is at work, in the same room for everybody; 0 for nobody. */
function signature(pid: number): string {
  return `{"pid":${String(pid).padStart(10)}`
}

function past(
  file: string,
  moment: Moment,
  lock: Lock,
): { readonly stats: Stats; readonly history: History; readonly size: number } {
  const now = timestamp(moment.now)
  const reading = lock.content === undefined ? readStats(file) : parseStats(lock.content)
  if (reading.kind === 'absent') return { stats: freshStats(now), history: 'none', size: 0 }
  if (reading.kind === 'busy') throw new Error('another program has the statistics open')
  if (reading.kind !== 'read') return { stats: rebuild(file, now), history: 'lost', size: 0 }
  const { stats, size } = reading
  const written = Date.parse(stats.counters_as_of)
  const isCertain = !lock.isInherited && written >= moment.bootedAt && written <= moment.now
  return {
    stats: {
      ...stats,
      steady_since: isSteady(written, moment.now) ? stats.steady_since : now,
      // What others have put there since, this process has not seen.
      waiting: stats.writer === process.pid ? stats.waiting : null,
    },
    history: isCertain ? 'known' : 'doubtful',
    size,
  }
}

/**
 * Waits for its turn. What counts is the time for which it chose to wait: where processors are
 * scarce, everything takes longer, also for the one who is at work.
 */
function standInLine(file: string): Lock | undefined {
  let turn = 0
  let still = 0
  let waited = 0
  // A hundred hosts that look every millisecond would leave no processor to the one at work.
  for (let most = 1; ; most = Math.min(most * 2, patience.pauseMs)) {
    const lock = takeLockOf(file)
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

/** Windows lets nobody put a new file in the place of one that is open, under whatever name. */
const hasHardLinks = process.platform !== 'win32'

/** Most of the time the folder is there, and making sure would be a sixth of the whole. */
function takeLockOf(file: string): Lock | undefined {
  const options = { patience: patience.holderMs, ...(hasHardLinks && { guarded: file }) }
  const take = () => takeLock(`${file}.lock`, signature(process.pid), options)
  try {
    return take()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    makeFolder(path.dirname(file))
    return take()
  }
}

const leapMs = 30 * 24 * 60 * 60 * 1000

/**
 * A leap of the clock and a machine that was switched off for long look the same. After either, ages
 * count from anew: nothing is thrown away because a clock was wrong for a while.
 */
function isSteady(written: number, now: number): boolean {
  return Math.abs(now - written) < leapMs
}

/** Puts the damaged file aside for whoever wants to know, and saves of it what can be read. */
function rebuild(file: string, now: string): Stats {
  const reading = readSmallFile(file, 1024 * 1024)
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  const aside = `${file}.damaged`
  try {
    // What was put aside before gives way; a folder would not do so by itself.
    removeAll(aside)
    retryWhileInUse(() => renameSync(file, aside))
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
