import {
  closeSync,
  constants,
  linkSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'

import { codeOf } from '../files/errors.ts'
import { retryWhileInUse } from '../files/errors.ts'
import { privateFile, removeFile } from '../files/write.ts'
import { ageOf, isHolding, readLock, unsignedMs } from './lock-holder.ts'

/** A name that only one process can have made. */
export interface Lock {
  /** Open for reading and writing. */
  readonly descriptor: number
  /** Is it a second name of another file? */
  readonly isHardLink: boolean
  /** What that held, as far as it was small enough to be read at once. */
  readonly content: Buffer | undefined
  /** Taken from a holder that is gone, and may have left its work half done. */
  readonly isInherited: boolean
  /** False for who was at rest for so long that another has given it up and taken over. */
  readonly isOurs: () => boolean
  /** `isSignedOff`: somebody has written over the signature in a file with two names. */
  readonly release: (isSignedOff?: boolean) => void
  /** Leaves it to be taken over again, by whom has to do what was inherited and is not done yet. */
  readonly releaseForRecovery: () => void
}

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
    const named = guarded === undefined ? 'impossible' : signHardLink(file, guarded, signature)
    if (typeof named === 'object') return lockOf(file, signature, named.descriptor, named)
    const made = named === 'impossible' ? create(file, signature) : undefined
    if (made !== undefined) return lockOf(file, signature, made)
    const found = readLock(file)
    if (found === undefined) continue
    if (isHolding(found.holder, file) && ageOf(file) < patience) return undefined
    const inherited = inherit(file, found.text, signature)
    if (inherited !== undefined) return lockOf(file, signature, inherited, { isInherited: true })
  }
  return undefined
}

function lockOf(
  file: string,
  signature: string,
  descriptor: number,
  { isInherited = false, ...guarded }: { isInherited?: boolean; content?: Buffer | undefined } = {},
): Lock {
  const isHardLink = 'content' in guarded
  const since = Date.now()
  const isOurs = () =>
    Math.abs(Date.now() - since) < doubtMs || readLock(file)?.text.startsWith(signature) === true
  return {
    descriptor,
    isHardLink,
    content: guarded.content,
    isInherited,
    isOurs,
    release: (isSignedOff = false) => {
      const isFree = isOurs()
      if (isFree && isHardLink && !isSignedOff) writeSync(descriptor, unsigned(signature), 0)
      closeSync(descriptor)
      if (isFree) removeLock(file)
    },
    releaseForRecovery: () => {
      if (isOurs()) writeSync(descriptor, unsigned(signature), 0)
      closeSync(descriptor)
    },
  }
}

function unsigned(signature: string): string {
  return signature.replace(/ *\d+$/, (pid) => '0'.padStart(pid.length))
}

interface Named {
  readonly descriptor: number
  readonly content: Buffer | undefined
}

/** Undefined where the name is taken, or was given too late to be sure of it. */
function signHardLink(
  file: string,
  guarded: string,
  signature: string,
): Named | 'impossible' | undefined {
  const since = Date.now()
  try {
    linkSync(guarded, file)
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? undefined : 'impossible'
  }
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, signing)
    // A pipe or a terminal cannot be read so.
    const read = Buffer.allocUnsafe(readAtOnce + 1)
    const length = readSync(descriptor, read, 0, read.length, 0)
    // There is no room in what another program has written in its own way.
    if (/^\{"pid": *\d+,$/.test(read.toString('latin1', 0, signature.length + 1))) {
      const isLate = Math.abs(Date.now() - since) >= doubtMs
      if (isLate) {
        closeSync(descriptor)
        return undefined
      }
      writeSync(descriptor, signature, 0)
      return { descriptor, content: length > readAtOnce ? undefined : read.subarray(0, length) }
    }
  } catch {
    // It cannot be opened, or not be written to.
  }
  if (descriptor !== undefined) closeSync(descriptor)
  removeFile(file)
  return 'impossible'
}

const readAtOnce = 8192

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
      retryWhileInUse(() => renameSync(successor, file))
      return descriptor
    }
  } catch {
    // It cannot be replaced; then it stays what it is.
  }
  closeSync(descriptor)
  removeFile(successor)
  return undefined
}

/** On Windows a deleted file keeps its name until the last who reads it has closed it. */
const inUse = { mostMs: 100 } as const

function removeLock(file: string): void {
  try {
    retryWhileInUse(() => unlinkSync(file), inUse)
  } catch {
    // It is gone, or outlives its holder: whoever finds it then takes it over.
  }
}

function create(file: string, text: string): number | undefined {
  let descriptor: number
  try {
    descriptor = retryWhileInUse(() => openSync(file, 'wx', privateFile), inUse)
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
