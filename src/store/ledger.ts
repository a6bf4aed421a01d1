import {
  appendFileSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
} from 'node:fs'
import path from 'node:path'

import { isMissing, retryWhileInUse } from '../files/errors.ts'
import { directly, removeFile, temporaryName, writeNewFile } from '../files/write.ts'
import { isOwnState, whyForeign } from './foreign.ts'
import { append, newline } from './ledger-append.ts'
import {
  departureIn,
  departureOf,
  isDoubtful,
  lineOf,
  looksWhole,
  parseLine,
  type Sending,
  type Sent,
  settled,
} from './ledger-lines.ts'
import { thisProcess } from './lock-holder.ts'
import { takeLock } from './lock.ts'

/**
 * A ledger larger than `mostBytes` is cut back to its newest `keepBytes`, or to its newest
 * `keepEvents` if those take more room. Reading stops after `readBytes`.
 */
const limits = {
  mostBytes: 2 * 1024 * 1024,
  keepBytes: 1024 * 1024,
  keepEvents: 1000,
  readBytes: 64 * 1024 * 1024,
} as const

/**
 * Adds one line for each event. Several processes may do so at once, and each of them keeps the
 * ledger within its bounds. Throws if the line can't be written.
 */
export function noteSent(file: string, sending: Sending, ...events: readonly string[]): void {
  if (!isOwnState(path.dirname(file)) || whyForeign(file) !== undefined) {
    throw new Error('the ledger is not ours')
  }
  const lines = events.map((bytes) => lineOf(sending, bytes)).join('')
  // If another process cut the ledger back meanwhile, the line may be in the old file only.
  for (let round = 0; round < 5; round += 1) {
    const size = append(file, lines)
    if (size === undefined) continue
    if (size > limits.mostBytes) cutBack(file)
    return
  }
}

/** Adds a line for an event unless there is one already for its address, however often it is tried. */
export function openDoubts(file: string): (sending: Sending, bytes: string) => void {
  let noted: Set<string> | undefined
  return (sending, bytes) => {
    noted ??= new Set(linesOf(file).map(departureIn))
    const departure = departureOf(sending.endpoint, bytes)
    if (noted.has(departure)) return
    noteSent(file, sending, bytes)
    noted.add(departure)
  }
}

/**
 * What was sent, newest first. Lines that are damaged or cut short are skipped, and so is a file that
 * can't be read, unless `isRequired`: then this throws.
 */
export function readLedger(file: string, isRequired = false): readonly Sent[] {
  return linesOf(file, isRequired).flatMap(parseLine).toReversed()
}

export interface SentCount {
  readonly events: number
  /** How many of them no 204 followed; only a post has one. */
  readonly unconfirmed: number
  readonly last: string | null
}

export function countSent(file: string): SentCount {
  const lines = linesOf(file)
  const last = lines.findLast((line) => parseLine(line).length > 0)
  return {
    events: lines.length,
    unconfirmed: lines.filter(isDoubtful).length,
    last: last ? (parseLine(last)[0]?.sent_at ?? null) : null,
  }
}

/** One process cuts at a time. The others append meanwhile, and what they add is carried over. */
function cutBack(file: string): void {
  const lock = takeLock(`${file}.lock`, thisProcess())
  if (lock === undefined) return
  const temporary = temporaryName(file)
  let old: number | undefined
  try {
    old = openSync(file, constants.O_RDONLY)
    const { size } = fstatSync(old)
    const from = startOfNewest(old, size)
    if (from === 0) return
    const newest = wholeLines(readRange(old, from, size))
    writeNewFile(temporary, newest, true)
    let copied = from + newest.length
    const added = (open: number): Buffer => {
      const bytes = wholeLines(readRange(open, copied, fstatSync(open).size))
      copied += bytes.length
      return bytes
    }
    for (let more = added(old); more.length > 0; more = added(old)) appendFileSync(temporary, more)
    // After a long suspension, another process has cut the ledger back and this copy is too old.
    if (!lock.isOurs()) return
    retryWhileInUse(() => renameSync(temporary, file))
    // What was appended between those two calls comes a little later than its neighbours.
    const late = added(old)
    if (late.length > 0) append(file, late.toString('utf8'))
  } finally {
    if (old !== undefined) closeSync(old)
    removeFile(temporary)
    lock.release()
  }
}

/** Leaves out a line that is still being written. Its writer sees that the file was replaced, and writes it again. */
function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(newline) + 1)
}

/** Where the part that is kept begins; 0 while it would be most of the file. */
function startOfNewest(descriptor: number, size: number): number {
  const sample = readRange(descriptor, Math.max(0, size - 64 * 1024), size)
  const lineBytes = sample.length / Math.max(1, countLines(sample))
  // Large events: 1,000 of them are more than `mostBytes`, so the ledger may grow to twice as many.
  if (size <= 2 * limits.keepEvents * lineBytes) return 0
  const newest = readRange(descriptor, Math.max(0, size - limits.readBytes), size)
  const start = size - newest.length
  // Damaged lines, and lines that were carried over twice, don't count as events.
  const kept = new Set<string>()
  let end = newest.length
  let at = newest.length - 1
  for (; at > 0; end = at, at = newest.lastIndexOf(newline, at - 1)) {
    const line = newest.toString('utf8', at + 1, end)
    if (looksWhole(line)) kept.add(line)
    if (kept.size >= limits.keepEvents && newest.length - at > limits.keepBytes) break
  }
  return at <= 0 ? start : start + at + 1
}

function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1
  return lines
}

function readRange(descriptor: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from))
  let length = 0
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, from + length)
    if (count === 0) break
    length += count
  }
  return bytes.subarray(0, length)
}

const reading = constants.O_RDONLY | directly

/** The newest lines that look whole. A line that was carried over twice counts once. */
function linesOf(file: string, isRequired = false): readonly string[] {
  let descriptor: number | undefined
  try {
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return []
    descriptor = openSync(file, reading)
    const { size } = fstatSync(descriptor)
    const text = readRange(descriptor, Math.max(0, size - limits.readBytes), size).toString('utf8')
    return settled([...new Set(text.split('\n').filter(looksWhole))])
  } catch (error) {
    if (isRequired && !isMissing(error)) throw error
    return []
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
