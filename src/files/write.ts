import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

import { codeOf, isMissing, retryWhileInUse } from './errors.ts'
import { look, namesIn } from './read.ts'

export const privateFile = 0o600
export const privateFolder = 0o700

/** Flags with which a file is opened itself, not what a link leads to, and a pipe lets nobody wait. */
export const directly = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Makes a folder and its parents. Node's own `recursive` never returns if an existing folder answers
 * ENOENT when something is created in it, as /proc and some mounts do.
 */
export function makeFolder(folder: string): void {
  const parent = path.dirname(folder)
  try {
    makeOne(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || parent === folder) throw error
    makeFolder(parent)
    makeOne(folder)
  }
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: privateFolder })
  } catch (error) {
    if (!look(folder)?.isDirectory()) throw error
  }
}

/** A name that no other process uses and that does not end in `.json`, so that readers skip it. */
export function temporaryName(file: string): string {
  const random = Math.random().toString(36).slice(2, 10)
  return `${file}.${process.pid}.${random}.tmp`
}

/**
 * Removes what processes left that were killed while they replaced this file. Only for one that keeps
 * others from doing so now.
 */
export function removeUnfinished(file: string): void {
  const target = resolveLinks(file)
  const [folder, name] = [path.dirname(target), path.basename(target)]
  for (const other of namesIn(folder)) {
    const isUnfinished = other.startsWith(name) && temporaryEnd.test(other.slice(name.length))
    if (isUnfinished) removeFile(path.join(folder, other))
  }
}

const temporaryEnd = /^\.\d+\.[a-z0-9]*\.tmp$/

/** Writes a new file completely or not at all; fails if it exists. Gets owner and mode of `like`. */
export function writeNewFile(
  file: string,
  bytes: string | Uint8Array,
  durable: boolean,
  like?: Stats,
): void {
  const descriptor = openSync(file, 'wx', privateFile)
  try {
    writeFully(descriptor, bytes)
    if (like) keepOwnerAndMode(like, descriptor)
    if (durable) fsyncSync(descriptor)
  } catch (error) {
    closeSync(descriptor)
    removeFile(file)
    throw error
  }
  closeSync(descriptor)
}

/**
 * Replaces a file atomically: a reader, a crash or a full disk leaves the old content or the new. A
 * symbolic link stays a link; its target is replaced, in the target's folder. At the last moment `check`
 * may throw.
 */
export function replaceFile(file: string, bytes: string | Uint8Array, check?: () => void): void {
  insist(() => {
    const target = resolveLinks(file)
    replaceOnce(target, bytes, look(target), check)
  })
}

/** The same for a file that nobody but us writes. A link in its place leads anywhere, so it is replaced. */
export function replaceOwnFile(file: string, bytes: string | Uint8Array): void {
  insist(() => replaceOnce(file, bytes))
}

function insist(replace: () => void): void {
  for (let round = 1; ; round += 1) {
    try {
      return replace()
    } catch (error) {
      // The folder was removed meanwhile, as a `forget` of another process does.
      if (codeOf(error) !== 'ENOENT' || round === 3) throw error
    }
  }
}

function replaceOnce(
  file: string,
  bytes: string | Uint8Array,
  like?: Stats,
  check?: () => void,
): void {
  makeFolder(path.dirname(file))
  putFile(file, bytes, true, like, check)
  syncFolder(path.dirname(file))
}

/** A file gets its name only when it is complete. If that fails, nothing is left. */
export function putFile(
  file: string,
  bytes: string | Uint8Array,
  durable: boolean,
  like?: Stats,
  check?: () => void,
): void {
  const temporary = temporaryName(file)
  writeNewFile(temporary, bytes, durable, like)
  try {
    retryWhileInUse(() => {
      check?.()
      renameSync(temporary, file)
    })
  } catch (error) {
    removeFile(temporary)
    throw error
  }
}

export function removeFile(file: string): boolean {
  try {
    unlinkSync(file)
    return true
  } catch {
    return false
  }
}

/** Makes a rename in this folder survive a power cut, if the platform can do that. */
export function syncFolder(folder: string): void {
  let descriptor: number | undefined
  try {
    descriptor = openSync(folder, 'r')
    fsyncSync(descriptor)
  } catch {
    // Windows and some network file systems cannot sync a folder; the rename itself is done.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** Writes from `position` on, or from the end of the last write. */
export function writeFully(
  descriptor: number,
  content: string | Uint8Array,
  position?: number,
): void {
  const at = (done: number) => (position === undefined ? null : position + done)
  let done = 0
  if (typeof content === 'string') {
    // Almost always all is written at once, and then a text needs no buffer.
    done = writeSync(descriptor, content, at(0))
    if (done === Buffer.byteLength(content)) return
  }
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  while (done < bytes.length) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, at(done))
  }
}

function resolveLinks(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return file
    throw error
  }
}

/** Not by the file's name: in a folder of others, that may be a link to any file by now. */
function keepOwnerAndMode({ mode, uid, gid }: Stats, descriptor: number): void {
  fchmodSync(descriptor, mode & 0o7777)
  try {
    fchownSync(descriptor, uid, gid)
  } catch {
    // Only root may change a file's owner. For other users the new file is their own.
  }
}

/** Some file systems skip names in a listing while others are being removed. */
const rounds = 20

/**
 * Removes a file, a link (but not its target), or a folder with its content. Not every runtime's own
 * recursive removal works on simple file systems.
 */
export function removeAll(place: string): void {
  // Where that fails, nobody knows whether there is anything.
  const found = unlessGone(() => lstatSync(place))
  if (found === undefined) return
  if (!found.isDirectory()) return unlessGone(() => unlinkSync(place))
  for (let round = 1; ; round += 1) {
    for (const name of namesIn(place)) removeAll(path.join(place, name))
    try {
      return unlessGone(() => rmdirSync(place))
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY' || round === rounds) throw error
    }
  }
}

function unlessGone<T>(work: () => T): T | undefined {
  try {
    return retryWhileInUse(work)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
