import { renameSync } from 'node:fs'
import path from 'node:path'

import { dayMs, timestamp } from '../contract/timestamp.ts'
import { steadyMs } from '../files/clock.ts'
import { codeOf, isInUse, retryWhileInUse, waitSync } from '../files/errors.ts'
import { readSmallFile, UnreadError } from '../files/read.ts'
import {
  makeFolder,
  removeAll,
  removeFile,
  temporaryName,
  writeFully,
  writeNewFile,
} from '../files/write.ts'
import type { Moment } from '../settings/host-environment.ts'
import { type Content, type Lock, takeLock } from './lock.ts'
import { nameOfThisProcess, nobody, signatureOf, thisHolder } from './process-identity.ts'
import { freshStats, parseStats, readStats, type Stats } from './stats.ts'

/**
 * How far the statistics can be trusted. `doubtful`: a host or the machine may have stopped before
 * writing them. `repaired`: a field was damaged. `none`: there were none. `lost`: all was damaged.
 */
export type History = 'known' | 'doubtful' | 'repaired' | 'none' | 'lost'

/** How long a host waits for the lock, and when a holder counts as stuck. */
const patience = { waitMs: 40, pauseMs: 16, holderMs: 15_000 } as const

export interface Change<T> {
  readonly stats: Stats
  readonly result: T
  /**
   * Queues the events that the new statistics contain and returns their files; undefined if nothing
   * should be changed.
   */
  readonly put: () => readonly string[] | undefined
  /** Called after the change is written, while the lock is still held. */
  readonly done?: () => void
}

/**
 * Changes the statistics while no other process does. Undefined if the lock was not free in time, or if
 * a file that is needed can't be read or written at this moment: a host never waits long. Not synced to
 * disk, because a host would wait for that, and a power cut loses at most the counts of the last seconds.
 */
export function changeStats<T>(
  file: string,
  moment: Moment,
  change: (stats: Stats, history: History) => Change<T>,
  waitMs: number = patience.waitMs,
): T | undefined {
  const lock = waitForLock(file, waitMs)
  if (lock === undefined) return undefined
  let files: readonly string[] = []
  let next: NextStats | undefined
  let isDone = false
  try {
    const { stats, history, old } = past(file, moment, lock)
    const { stats: after, result, put, done } = change(stats, history)
    next = prepare(file, lock.descriptor, old, after)
    // Not before there is room for the statistics: events they don't contain would be made again.
    const queued = put()
    if (queued === undefined) return undefined
    files = queued
    // After a long suspension they may belong to another process. This one's count comes later.
    if (!lock.isOurs()) return undefined
    next.commit()
    isDone = true
    done?.()
    return result
  } catch (error) {
    // A virus scanner or a backup may keep the file open for longer than anybody waits here.
    if (error instanceof UnreadError || isInUse(error)) return undefined
    throw error
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
  /** Undoes the preparation if it was not committed. */
  readonly discard: () => void
}

/**
 * If the new statistics fit into the space of the old, they overwrite them: one system call that needs
 * no disk space and, within a page, happens completely or not at all, even if the process is killed. If
 * they don't fit, a new file replaces the old one.
 */
function prepare(
  file: string,
  descriptor: number,
  old: Content | undefined,
  stats: Stats,
): NextStats {
  const fields = JSON.stringify({
    ...stats,
    pid: undefined,
    born: undefined,
    place: undefined,
    writer: nameOfThisProcess(),
  })
  const text = inWholePages(`${signatureOf(nobody)},${fields.slice(1)}`)
  if (old?.size === Buffer.byteLength(text)) {
    const commit = () => overwrite(descriptor, text, old.text)
    return { isInPlace: true, commit, discard: () => undefined }
  }
  const temporary = temporaryName(file)
  writeNewFile(temporary, text, false)
  return {
    isInPlace: false,
    commit: () => retryWhileInUse(() => renameSync(temporary, file)),
    discard: () => removeFile(temporary),
  }
}

/** A quota or a limit may stop it half-way. What it did overwrite can be overwritten once more. */
function overwrite(descriptor: number, text: string, old: string): void {
  try {
    writeFully(descriptor, text, 0)
  } catch (error) {
    try {
      writeFully(descriptor, old, 0)
    } catch {
      // It stops where the other one did.
    }
    throw error
  }
}

const pageSize = 4096

/** Few changes should need more space, so the JSON text is padded with blanks. */
function inWholePages(text: string): string {
  const length = Buffer.byteLength(text) + 1
  const blanks = Math.ceil(length / pageSize) * pageSize - length
  return `${text}${' '.repeat(blanks)}\n`
}

function past(
  file: string,
  moment: Moment,
  lock: Lock,
): {
  readonly stats: Stats
  readonly history: History
  /** What may be overwritten. */
  readonly old?: Content | undefined
} {
  const now = timestamp(moment.now)
  const reading =
    lock.content === undefined ? readStats(file, now) : parseStats(lock.content.text, now)
  if (reading.kind === 'absent') return { stats: freshStats(now), history: 'none' }
  if (reading.kind === 'unread') throw new UnreadError('the statistics are unknown for now')
  if (reading.kind !== 'read') return { stats: rebuild(file, now), history: 'lost' }
  const { stats } = reading
  const written = Date.parse(stats.counters_as_of)
  const isCertain =
    !lock.isInherited && !reading.isRepaired && written >= moment.bootedAt && written <= moment.now
  return {
    stats: {
      ...stats,
      steady_since: isSteady(written, moment.now) ? stats.steady_since : now,
      // Other processes may have written there since.
      waiting: stats.writer === nameOfThisProcess() ? stats.waiting : null,
    },
    history: isCertain ? 'known' : reading.isRepaired ? 'repaired' : 'doubtful',
    old: lock.content,
  }
}

function waitForLock(file: string, waitMs: number): Lock | undefined {
  const end = steadyMs() + waitMs
  // If a hundred hosts tried every millisecond, the holder would get no processor time.
  for (let most = 1; ; most = Math.min(most * 2, patience.pauseMs)) {
    const lock = takeLockOf(file)
    const left = end - steadyMs()
    if (lock !== undefined || left <= 0) return lock
    waitSync(Math.min(left, 1 + Math.random() * most))
  }
}

/** Windows does not replace a file that is open, under any of its names. */
const hasHardLinks = process.platform !== 'win32'

/** The folder almost always exists, and checking would be a sixth of the whole time. */
function takeLockOf(file: string): Lock | undefined {
  const options = { patience: patience.holderMs, ...(hasHardLinks && { guarded: file }) }
  const take = () => takeLock(`${file}.lock`, signatureOf(thisHolder()), options)
  try {
    return take()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    makeFolder(path.dirname(file))
    return take()
  }
}

const leapMs = 30 * dayMs

/**
 * A jump of the clock and a machine that was switched off for long look the same. After either, ages
 * start again from zero, so nothing is dropped because a clock was wrong for a while.
 */
function isSteady(written: number, now: number): boolean {
  return Math.abs(now - written) < leapMs
}

/** Sets the damaged file aside and keeps what can be read of it. */
function rebuild(file: string, now: string): Stats {
  const reading = readSmallFile(file, 1024 * 1024)
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  const aside = `${file}.damaged`
  try {
    // Replaces an earlier damaged file. A folder must be removed first.
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
