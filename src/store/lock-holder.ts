import { readFileSync } from 'node:fs'

import { codeOf } from '../files/errors.ts'
import { isBusy, look, readSmallFile } from '../files/read.ts'

/** Who holds a lock. The number of a process is used again; together with its birth it is not. */
export interface Holder {
  readonly pid: number
  /** When the process started, in the kernel's own clock, where the kernel tells. */
  readonly born: string | null
}

/** A lock that nobody has signed yet is somebody's all the same, for so long. */
export const unsignedMs = 1000

/**
 * Nobody holds a lock for as long, uploads in the foreground included. Where only the number is known,
 * it has been given to another process by then, one that may run for months.
 */
const longestMs = 90 * 60 * 1000

/** Who holds the lock right now, if anybody still living does. */
export function liveHolder(file: string): Holder | undefined {
  const holder = readLock(file)?.holder
  return holder !== undefined && isHolding(holder, file) ? holder : undefined
}

/** Does this process live, and can it be the one that made the lock? */
export function isHolding(holder: Holder, file: string): boolean {
  return isAlive(holder) && (holder.born !== null || ageOf(file) < longestMs)
}

/** What a lock says that is held for long: who this process is, beyond doubt. */
export function thisProcess(): string {
  return `${JSON.stringify({ pid: process.pid, born: birthOf(process.pid) })}\n`
}

interface Found {
  readonly text: string
  readonly holder: Holder
}

/** Undefined where there is no lock. One that cannot be understood belongs to nobody living. */
export function readLock(file: string): Found | undefined {
  const reading = readSmallFile(file, 1024 * 1024)
  if (reading.kind === 'absent') return undefined
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  const [, pid = 0, born = null] = /^\{"pid": *(\d+)(?:,"born":"(\w+)")?/.exec(text) ?? []
  // Between making the name and signing it the holder is at work, not gone.
  const isNew = Number(pid) === 0 && ageOf(file) < unsignedMs
  const isSomebody = isNew || isBusy(reading)
  return {
    text,
    holder: isSomebody ? { pid: process.pid, born: null } : { pid: Number(pid), born },
  }
}

function isAlive({ pid, born }: Holder): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  if (born === null) return true
  const now = birthOf(pid)
  return now === null || now === born
}

/**
 * Fields 3 and 22 of Linux's process table; the name before them may hold anything, so they are
 * counted from its end. A zombie has ended; nothing can be born at `ended`.
 */
function birthOf(pid: number): string | null {
  if (process.platform !== 'linux') return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null)
  } catch {
    return null
  }
}

/** By the time of the last change of whatever: a new name of an old file is new. */
export function ageOf(file: string): number {
  const stat = look(file)
  return stat === undefined ? 0 : Math.abs(Date.now() - stat.ctimeMs)
}
