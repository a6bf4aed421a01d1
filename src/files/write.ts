import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

import { codeOf, retryWhileInUse } from './errors.ts'
import { look, statLink } from './read.ts'

export const privateFile = 0o600
export const privateFolder = 0o700

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where a folder that is
 * there answers ENOENT to what is to be made in it, as /proc and some mounts do.
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

/** A name that no other process uses, sorting behind and hidden from those who list `*.json`. */
export function temporaryName(file: string): string {
  const random = Math.random().toString(36).slice(2, 10)
  return `${file}.${process.pid}.${random}.tmp`
}

/** Writes a new file whole or not at all; fails when it exists. */
export function writeNewFile(file: string, bytes: string | Uint8Array, durable: boolean): void {
  const descriptor = openSync(file, 'wx', privateFile)
  try {
    writeFully(descriptor, typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
    if (durable) fsyncSync(descriptor)
  } catch (error) {
    closeSync(descriptor)
    removeFile(file)
    throw error
  }
  closeSync(descriptor)
}

/**
 * Replaces a file so that a reader, a crash or a full disk sees the old or the new content and
 * nothing between. A symbolic link stays one: its target is replaced, in the target's folder.
 */
export function replaceFile(file: string, bytes: string | Uint8Array): void {
  const target = resolveLinks(file)
  makeFolder(path.dirname(target))
  const temporary = temporaryName(target)
  writeNewFile(temporary, bytes, true)
  try {
    keepOwnerAndMode(target, temporary)
    retryWhileInUse(() => renameSync(temporary, target))
  } catch (error) {
    removeFile(temporary)
    throw error
  }
  syncFolder(path.dirname(target))
}

export function removeFile(file: string): boolean {
  try {
    unlinkSync(file)
    return true
  } catch {
    return false
  }
}

/** Makes a rename in this folder survive a power cut, where the platform can. */
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

/** From `position` on, or where the last write ended. */
export function writeFully(descriptor: number, bytes: Uint8Array, position?: number): void {
  let done = 0
  while (done < bytes.length) {
    const at = position === undefined ? null : position + done
    done += writeSync(descriptor, bytes, done, bytes.length - done, at)
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

function keepOwnerAndMode(from: string, to: string): void {
  let old: Stats
  try {
    old = statSync(from)
  } catch {
    return
  }
  chmodSync(to, old.mode & 0o7777)
  try {
    chownSync(to, old.uid, old.gid)
  } catch {
    // Only root may give files away; our own user's file is what everybody else gets.
  }
}

/** Some file systems pass over names while others are being removed. */
const rounds = 20

/**
 * Removes a file, a link (and not what it leads to), or a folder with all that is in it. Runtimes have
 * their own ways to remove a folder, and not all get through where the file system is a simple one.
 */
export function removeAll(place: string): void {
  const found = statLink(place)
  if (found === undefined) return
  if (!found.isDirectory()) return unlessGone(() => unlinkSync(place))
  for (let round = 1; ; round += 1) {
    for (const name of readdirSync(place)) removeAll(path.join(place, name))
    try {
      return unlessGone(() => rmdirSync(place))
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY' || round === rounds) throw error
    }
  }
}

function unlessGone(remove: () => void): void {
  try {
    retryWhileInUse(remove)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
