import { closeSync, fstatSync, openSync } from 'node:fs'
import path from 'node:path'

import { isUnread, readSmallFile, statLink } from '../files/read.ts'
import { privateFile, removeFile, temporaryName } from '../files/write.ts'
import { isOwnState, whyForeign } from './foreign.ts'
import {
  type Holder,
  holderIn,
  isAlive,
  isFromElsewhere,
  signatureOf,
  thisHolder,
} from './process-identity.ts'

/** A holder makes the lock and signs it a moment later. Until then the lock counts as held. */
const unsignedMs = 1000

/** From when on a holder checks that the lock is still its own, and how late it may sign. */
const doubtMs = unsignedMs / 2

export function isWithinDoubt(since: number): boolean {
  return Math.abs(Date.now() - since) < doubtMs
}

/** A holder from another container or machine is believed for this long after it renewed the lock. */
export const leaseMs = 15_000

/** No upload takes longer. If only a PID is known, another process may have it by then. */
const longestMs = 90 * 60 * 1000

/** The process that holds the lock now. Changes nothing on disk, so it uses this machine's clock. */
export function liveHolder(file: string): Holder | undefined {
  const found = readLock(file)
  return found !== undefined && isHeld(found, file, localClock) ? found.holder : undefined
}

/** The content of a lock that is held for long. */
export function thisProcess(): string {
  return `${signatureOf(thisHolder())}}\n`
}

export interface FoundLock {
  readonly text: string
  readonly holder: Holder
  /** The holder is unknown: the lock isn't signed yet, or can't be read now. */
  readonly isUnsigned: boolean
  readonly isUnread: boolean
}

/** Undefined if there is no lock. A lock that can't be understood has no holder. */
export function readLock(file: string): FoundLock | undefined {
  const reading = readSmallFile(file, 1024 * 1024, { links: false })
  if (reading.kind === 'absent') return undefined
  if (reading.kind === 'unreadable' && reading.hasNoFolder) return undefined
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  const holder = holderIn(text)
  // A lock that was released while it was being opened says nothing about its holder. Only a folder
  // can't be a lock.
  const isLock = reading.kind === 'read' || statLink(file)?.isDirectory() !== true
  const isUnsigned = isLock && holder.pid === 0
  return { text, holder, isUnsigned, isUnread: isUnread(reading) }
}

/** Is the lock held, as far as this process can know? */
export function isHeld(found: FoundLock, file: string, clock: Clock = fileSystemClock): boolean {
  if (found.isUnread) return true
  // Renaming changes the time of the inode, not that of the content.
  if (found.isUnsigned) return !isOlder(file, unsignedMs, 'ctimeMs', clock)
  if (isFromElsewhere(found.holder)) return !isOlder(file, leaseMs, 'mtimeMs', clock)
  if (!isAlive(found.holder)) return false
  return found.holder.born !== null || !isOlder(file, longestMs, 'mtimeMs', clock)
}

/** The time on the machine that stores the folder. */
export type Clock = (folder: string) => number

export const localClock: Clock = () => Date.now()

/** The clock that dates the files of a shared folder, read by creating one. */
export const fileSystemClock: Clock = (folder) => {
  const file = temporaryName(path.join(folder, '.clock'))
  try {
    const descriptor = openSync(file, 'wx', privateFile)
    const { mtimeMs } = fstatSync(descriptor)
    closeSync(descriptor)
    removeFile(file)
    return mtimeMs
  } catch {
    return Date.now()
  }
}

/** Most files are young by any clock. Only for an old one is the file system's clock read. */
export function isOlder(
  file: string,
  ms: number,
  time: 'ctimeMs' | 'mtimeMs',
  clock: Clock = fileSystemClock,
): boolean {
  const at = statLink(file)?.[time]
  if (at === undefined || Math.abs(Date.now() - at) < ms) return false
  return Math.abs(clock(path.dirname(file)) - at) >= ms
}

/** Another user can write any PID into a file. */
export function foreignLock(lock: string): boolean {
  return !isOwnState(path.dirname(lock)) || whyForeign(lock) !== undefined
}
