import { readFileSync } from 'node:fs'

import { look } from '../files/look.ts'
import { codeOf } from '../files/cause.ts'
import { readSmallFile } from '../files/read.ts'
import { removeFile, writeNewFile } from '../files/write.ts'

/** Who holds a lock. The number of a process is used again; together with its birth it is not. */
export interface Holder {
  readonly pid: number
  /** When the process started, in the kernel's own clock, where the kernel tells. */
  readonly born: string | null
}

export interface Lock {
  readonly release: () => void
}

/**
 * Takes a lock, or answers undefined while somebody else living holds it. A lock whose holder is
 * gone, or that is older than `patience` milliseconds, is taken over.
 */
export function takeLock(file: string, self: Holder, patience = Infinity): Lock | undefined {
  for (let round = 0; round < 3; round += 1) {
    const text = `${JSON.stringify(self)}\n`
    if (create(file, text)) return { release: () => releaseIfOurs(file, text) }
    const found = readLock(file)
    if (found === undefined) continue
    if (isAlive(found.holder) && ageOf(file) < patience) return undefined
    clearAway(file, found.text)
  }
  return undefined
}

/** Who holds the lock right now, if anybody still living does. */
export function liveHolder(file: string): Holder | undefined {
  const holder = readLock(file)?.holder
  return holder !== undefined && isAlive(holder) ? holder : undefined
}

export function thisProcess(): Holder {
  return { pid: process.pid, born: birthOf(process.pid) }
}

/**
 * Two processes may find the same dead lock. Only the one that holds the marker may remove it, and
 * only after looking again: otherwise the slower one would remove the lock of the faster.
 */
function clearAway(file: string, deadText: string): void {
  const marker = `${file}.takeover`
  if (!create(marker, '')) {
    if (ageOf(marker) > 5000) removeFile(marker) // whoever made it died between two system calls
    return
  }
  if (readLock(file)?.text === deadText) removeFile(file)
  removeFile(marker)
}

function releaseIfOurs(file: string, text: string): void {
  if (readLock(file)?.text === text) removeFile(file)
}

function create(file: string, text: string): boolean {
  try {
    writeNewFile(file, text, false)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

interface Found {
  readonly text: string
  readonly holder: Holder
}

/** Undefined where there is no lock. One that cannot be understood belongs to nobody living. */
function readLock(file: string): Found | undefined {
  const reading = readSmallFile(file, 4096)
  if (reading.kind === 'absent') return undefined
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  // Between making the file and writing to it the holder is at work, not gone.
  if (text === '' && ageOf(file) < 1000) return { text, holder: { pid: process.pid, born: null } }
  return { text, holder: parse(text) }
}

function parse(text: string): Holder {
  try {
    const { pid, born } = JSON.parse(text) as Partial<Holder>
    return { pid: Number(pid), born: typeof born === 'string' ? born : null }
  } catch {
    return { pid: 0, born: null }
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

function ageOf(file: string): number {
  const stat = look(file)
  return stat === undefined ? 0 : Math.abs(Date.now() - stat.mtimeMs)
}
