import { closeSync, constants, linkSync, openSync, readSync, renameSync, unlinkSync } from 'node:fs'

import { codeOf, retryWhileInUse } from '../files/errors.ts'
import { statLink } from '../files/read.ts'
import {
  directly,
  privateFile,
  putFile,
  removeAll,
  removeFile,
  writeFully,
} from '../files/write.ts'
import { isHeld, isOlder, isWithinDoubt, readLock } from './lock-holder.ts'
import { nobody, signatureOf } from './process-identity.ts'

export interface Content {
  readonly text: string
  /** In bytes. */
  readonly size: number
}

/** A lock that this process holds. */
export interface Lock {
  /** Open for reading and writing. */
  readonly descriptor: number
  /** The content of the guarded file, if the lock is a hard link to it and it was read at once. */
  readonly content: Content | undefined
  /** Taken over from a dead holder, whose work may be half done. */
  readonly isInherited: boolean
  /** False if this process was suspended for so long that another one took the lock over. */
  readonly isOurs: () => boolean
  /** Tells other machines that the holder is still at work. False if the lock is no longer ours. */
  readonly renew: () => boolean
  /** `isSignedOff`: the signature in the hard-linked file is overwritten already. */
  readonly release: (isSignedOff?: boolean) => void
  /** Releases the lock but leaves its recovery to the next holder. */
  readonly releaseForRecovery: () => void
}

export interface LockOptions {
  /** A lock that is older than so many milliseconds is taken over, even from a living process. */
  readonly patience?: number
  /** A file that begins with a signature. Making a hard link costs a tenth of making a file. */
  readonly guarded?: string
  /** Others use the folder, too. What nobody of us has signed stays as it is, and this throws. */
  readonly isShared?: boolean
}

/**
 * Takes a lock, or returns undefined while another process holds it. A lock is taken over if its
 * holder has died, if a holder on another machine has not renewed it, or if it is out of `patience`.
 */
export function takeLock(
  file: string,
  signature: string,
  { patience = Infinity, guarded, isShared = false }: LockOptions = {},
): Lock | undefined {
  for (let round = 0; round < 3; round += 1) {
    const since = Date.now()
    const named =
      guarded === undefined ? 'impossible' : signHardLink(file, guarded, signature, since)
    if (typeof named === 'object') return lockOf(file, signature, since, named)
    const made = named === 'impossible' ? create(file, signature) : undefined
    if (made !== undefined) return lockOf(file, signature, since, { descriptor: made })
    const found = readLock(file)
    if (found === undefined) continue
    const isOverdue = patience < Infinity && isOlder(file, patience, 'ctimeMs')
    if (isHeld(found, file) && !isOverdue) return undefined
    if (isShared && found.holder.pid === nobody.pid && found.text !== free)
      throw new Error(`${file} is not a lock of ours`)
    const inherited = inherit(file, found.text, signature)
    if (inherited !== undefined) {
      return lockOf(file, signature, since, { descriptor: inherited, isInherited: true })
    }
  }
  return undefined
}

/** `asked`: when we tried to take the lock. A process suspended since then may already have lost it. */
function lockOf(
  file: string,
  signature: string,
  asked: number,
  { descriptor, isInherited = false, ...guarded }: Made,
): Lock {
  const isHardLink = 'content' in guarded
  let since = asked
  const isSigned = () => readLock(file)?.text.startsWith(signature) === true
  const isOurs = () => isWithinDoubt(since) || isSigned()
  const unsign = () => writeFully(descriptor, free, 0)
  return {
    descriptor,
    content: guarded.content,
    isInherited,
    isOurs,
    renew: () => {
      const now = Date.now()
      if (!isSigned()) return false
      // The same bytes again: on a shared folder, writing them makes the server set the time.
      writeFully(descriptor, signature, 0)
      since = now
      return true
    },
    release: (isSignedOff = false) => {
      const now = Date.now()
      const isFree = isOurs()
      if (isFree && isHardLink && !isSignedOff) unsign()
      closeSync(descriptor)
      if (isFree) removeLock(file)
      // Suspended right before that, it may have removed the lock of the next holder.
      if (isFree && !isWithinDoubt(now)) block(file)
    },
    releaseForRecovery: () => {
      if (isOurs()) unsign()
      closeSync(descriptor)
    },
  }
}

interface Made {
  readonly descriptor: number
  readonly isInherited?: boolean
  /** Only if the lock is a hard link. */
  readonly content?: Content | undefined
}

/** A lock that nobody holds keeps others out until the holder without a lock must have finished. */
function block(file: string): void {
  try {
    const descriptor = create(file, free)
    if (descriptor !== undefined) closeSync(descriptor)
  } catch {
    // The folder is gone, or the disk is full.
  }
}

const free = signatureOf(nobody)

/** Undefined if another process has the lock, or if this one was too slow to be sure of it. */
function signHardLink(
  file: string,
  guarded: string,
  signature: string,
  since: number,
): Made | 'impossible' | undefined {
  try {
    linkSync(guarded, file)
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? undefined : 'impossible'
  }
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, signing)
    page ??= Buffer.alloc(32 * 1024 + 1)
    const size = readSync(descriptor, page, 0, page.length, 0)
    const text = page.toString('utf8', 0, size)
    // A file that another program has written has no room for the signature.
    if (isWithinDoubt(since) && aSignature.test(text.slice(0, signature.length + 1))) {
      writeFully(descriptor, signature, 0)
      return { descriptor, content: size === page.length ? undefined : { text, size } }
    }
  } catch {
    // A pipe, a terminal, or a file that can't be opened or written.
  }
  if (descriptor !== undefined) closeSync(descriptor)
  // By now this may be the lock of another process, so it must not be removed.
  if (!isWithinDoubt(since)) return undefined
  removeFile(file)
  return 'impossible'
}

/** A whole signature and nothing else, with the comma after it. */
const aSignature = /^\{"pid": *\d+,"born": *(?:"\w+"|null),"place": *(?:"\w+"|null),$/

/** A new one for each lock would cost as much as reading the file. */
let page: Buffer | undefined

const signing = constants.O_RDWR | directly

/**
 * Two processes may find the same dead lock. Only the one that created the successor may rename it
 * over the lock, and only after reading the lock again. Otherwise the slower one would replace the
 * lock of the faster.
 */
function inherit(file: string, deadText: string, text: string): number | undefined {
  const successor = `${file}.takeover`
  const descriptor = create(successor, text)
  if (descriptor === undefined) {
    // Its maker may have died between two system calls, or been suspended there.
    const found = readLock(successor)
    const isStuck = isOlder(successor, 5000, 'ctimeMs')
    if (found !== undefined && (isStuck || !isHeld(found, successor))) removeFile(successor)
    return undefined
  }
  try {
    if (readLock(file)?.text === deadText) {
      if (statLink(file)?.isDirectory()) removeAll(file)
      retryWhileInUse(() => renameSync(successor, file))
      if (readLock(file)?.text === text) return descriptor
      // It was taken for stuck, and this was the successor of another process, which does not know.
      putFile(file, deadText, false)
    }
  } catch {
    // It can't be replaced and stays as it is.
  }
  closeSync(descriptor)
  removeFile(successor)
  return undefined
}

/** On Windows a deleted file keeps its name until its last reader has closed it. */
const inUse = { mostMs: 100 } as const

function removeLock(file: string): void {
  try {
    retryWhileInUse(() => unlinkSync(file), inUse)
  } catch {
    // It is gone, or it stays and the next process takes it over.
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
    writeFully(descriptor, text)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    removeFile(file)
    throw error
  }
}
