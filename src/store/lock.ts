import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

import { codeOf } from '../files/cause.ts'
import { look } from '../files/look.ts'
import { readSmallFile } from '../files/read.ts'
import { privateFile, removeFile } from '../files/write.ts'

/** Who holds a lock. The number of a process is used again; together with its birth it is not. */
export interface Holder {
  readonly pid: number
  /** When the process started, in the kernel's own clock, where the kernel tells. */
  readonly born: string | null
}

/** A file that only one process can have made. */
export interface Lock {
  /** Open for writing behind what the lock says: the file may become more than a lock. */
  readonly descriptor: number
  /** Taken from a holder that is gone, and may have left its work half done. */
  readonly isInherited: boolean
  readonly release: () => void
  /** Gives the file another name, in which it is no lock any more. Fails where it was taken from us. */
  readonly become: (file: string) => void
}

/** From when on a holder asks whether it still is one. */
const doubtMs = 1000

/**
 * Takes a lock, or answers undefined while somebody else living holds it. A lock whose holder is
 * gone, or that is older than `patience` milliseconds, is taken over. `text` begins with the number
 * of this process: `{"pid":1`, and its birth, `,"born":"2"`, where that shall be compared.
 */
export function takeLock(file: string, text: string, patience = Infinity): Lock | undefined {
  for (let round = 0; round < 3; round += 1) {
    const made = create(file, text)
    if (made !== undefined) return lockOf(file, made, false)
    const found = readLock(file)
    if (found === undefined) continue
    if (isAlive(found.holder) && ageOf(file) < patience) return undefined
    const inherited = inherit(file, found.text, text)
    if (inherited !== undefined) return lockOf(file, inherited, true)
  }
  return undefined
}

/** Who holds the lock right now, if anybody still living does. */
export function liveHolder(file: string): Holder | undefined {
  const holder = readLock(file)?.holder
  return holder !== undefined && isAlive(holder) ? holder : undefined
}

/** What a lock says that is held for long: who this process is, beyond doubt. */
export function thisProcess(): string {
  return `${JSON.stringify({ pid: process.pid, born: birthOf(process.pid) })}\n`
}

function lockOf(file: string, descriptor: number, isInherited: boolean): Lock {
  const since = Date.now()
  // Whoever was stopped for long may have been given up for stuck. An open file's number is its own.
  const isOurs = () =>
    Math.abs(Date.now() - since) < doubtMs || look(file)?.ino === fstatSync(descriptor).ino
  return {
    descriptor,
    isInherited,
    release: () => {
      if (isOurs()) removeFile(file)
      closeSync(descriptor)
    },
    become: (name) => {
      if (!isOurs()) throw new Error('the lock was taken over by another process')
      renameSync(file, name)
      closeSync(descriptor)
    },
  }
}

/**
 * Two processes may find the same dead lock. Only the one that has made the successor may put it in
 * its place, and only after looking again: otherwise the slower one would replace that of the faster.
 */
function inherit(file: string, deadText: string, text: string): number | undefined {
  const successor = `${file}.takeover`
  const descriptor = create(successor, text)
  if (descriptor === undefined) {
    if (ageOf(successor) > 5000) removeFile(successor) // whoever made it died between two system calls
    return undefined
  }
  try {
    if (readLock(file)?.text === deadText) {
      renameSync(successor, file)
      return descriptor
    }
  } catch {
    // It cannot be replaced; then it stays what it is.
  }
  closeSync(descriptor)
  removeFile(successor)
  return undefined
}

function create(file: string, text: string): number | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', privateFile)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  }
  try {
    writeSync(descriptor, text)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    removeFile(file)
    throw error
  }
}

interface Found {
  readonly text: string
  readonly holder: Holder
}

/** Undefined where there is no lock. One that cannot be understood belongs to nobody living. */
function readLock(file: string): Found | undefined {
  const reading = readSmallFile(file, 1024 * 1024)
  if (reading.kind === 'absent') return undefined
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  // Between making the file and writing to it the holder is at work, not gone.
  if (text === '' && ageOf(file) < 1000) return { text, holder: { pid: process.pid, born: null } }
  const [, pid = 0, born = null] = /^\{"pid":(\d+)(?:,"born":"(\w+)")?/.exec(text) ?? []
  return { text, holder: { pid: Number(pid), born } }
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
