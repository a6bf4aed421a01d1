import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs'

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

/** A name that only one process can have made. */
export interface Lock {
  readonly descriptor: number
  /** Is it a second name of another file, and `descriptor` open for reading and writing that? */
  readonly isSecondName: boolean
  /** Taken from a holder that is gone, and may have left its work half done. */
  readonly isInherited: boolean
  /** False for who was at rest for so long that another has given it up and taken over. */
  readonly isOurs: () => boolean
  readonly release: () => void
  /** Leaves it to be taken over again, by whom has to do what was inherited and is not done yet. */
  readonly bequeath: () => void
}

/** A lock that nobody has signed yet is somebody's all the same, for so long. */
const unsignedMs = 1000
/** From when on a holder asks whether it still is one; and how late it may sign. */
const doubtMs = unsignedMs / 2

/**
 * Takes a lock, or answers undefined while somebody else living holds it. A lock whose holder is
 * gone, or that is older than `patience` milliseconds, is taken over. `signature` begins with the
 * number of this process: `{"pid":1`, and its birth, `,"born":"2"`, where that shall be compared.
 *
 * Where the lock guards one file that begins with a signature as long as this, it can be a second
 * name of that file. To make a name costs a disk a tenth of what it costs to make a file.
 */
export function takeLock(
  file: string,
  signature: string,
  { patience = Infinity, guarded }: { patience?: number; guarded?: string } = {},
): Lock | undefined {
  for (let round = 0; round < 3; round += 1) {
    const named = guarded === undefined ? 'impossible' : secondName(file, guarded, signature)
    if (typeof named === 'number') return lockOf(file, signature, named, { isSecondName: true })
    const made = named === 'impossible' ? create(file, signature) : undefined
    if (made !== undefined) return lockOf(file, signature, made)
    const found = readLock(file)
    if (found === undefined) continue
    if (isAlive(found.holder) && ageOf(file) < patience) return undefined
    const inherited = inherit(file, found.text, signature)
    if (inherited !== undefined) return lockOf(file, signature, inherited, { isInherited: true })
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

function lockOf(
  file: string,
  signature: string,
  descriptor: number,
  { isSecondName = false, isInherited = false } = {},
): Lock {
  const since = Date.now()
  const isOurs = () =>
    Math.abs(Date.now() - since) < doubtMs || readLock(file)?.text.startsWith(signature) === true
  return {
    descriptor,
    isSecondName,
    isInherited,
    isOurs,
    release: () => {
      const isFree = isOurs()
      if (isFree && isSecondName) writeSync(descriptor, unsigned(signature), 0)
      closeSync(descriptor)
      if (isFree) removeFile(file)
    },
    bequeath: () => {
      if (isOurs()) writeSync(descriptor, unsigned(signature), 0)
      closeSync(descriptor)
    },
  }
}

function unsigned(signature: string): string {
  return signature.replace(/ *\d+$/, (pid) => '0'.padStart(pid.length))
}

/** Gives its descriptor; undefined where the name is taken, or was given too late to be sure of it. */
function secondName(
  file: string,
  guarded: string,
  signature: string,
): number | 'impossible' | undefined {
  const since = Date.now()
  try {
    linkSync(guarded, file)
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? undefined : 'impossible'
  }
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, signing)
    if (hasRoomFor(descriptor, signature)) {
      if (Math.abs(Date.now() - since) < doubtMs) {
        writeSync(descriptor, signature, 0)
        return descriptor
      }
      closeSync(descriptor)
      return undefined
    }
  } catch {
    // It cannot be opened, or not be written to.
  }
  if (descriptor !== undefined) closeSync(descriptor)
  removeFile(file)
  return 'impossible'
}

/** Not in a link, a pipe or a device, nor in what another program has written in its own way. */
function hasRoomFor(descriptor: number, signature: string): boolean {
  if (!fstatSync(descriptor).isFile()) return false
  const head = Buffer.alloc(signature.length + 1)
  readSync(descriptor, head, 0, head.length, 0)
  return /^\{"pid": *\d+,$/.test(head.toString('latin1'))
}

const signing = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

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
  const [, pid = 0, born = null] = /^\{"pid": *(\d+)(?:,"born":"(\w+)")?/.exec(text) ?? []
  // Between making the name and signing it the holder is at work, not gone.
  const isNew = Number(pid) === 0 && ageOf(file) < unsignedMs
  return { text, holder: isNew ? { pid: process.pid, born: null } : { pid: Number(pid), born } }
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
function ageOf(file: string): number {
  const stat = look(file)
  return stat === undefined ? 0 : Math.abs(Date.now() - stat.ctimeMs)
}
