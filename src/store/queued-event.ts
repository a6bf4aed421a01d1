import { readdirSync, renameSync } from 'node:fs'
import path from 'node:path'

import type { EventContract } from '../contract/contract.ts'
import { recognise } from '../contract/contracts.ts'
import { isUnread, readSmallFile, statLink, utf8In } from '../files/read.ts'
import { makeFolder, removeFile } from '../files/write.ts'
import { queueLimits } from './queue.ts'

export type Queued =
  | { readonly kind: 'event'; readonly bytes: string }
  /** Another process removed it. */
  | { readonly kind: 'gone' }
  /** It could not be read this time, whatever it is. */
  | { readonly kind: 'unread' }
  /** Not an event, but so new that its writer may not have finished. */
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'foreign' }

const { eventBytes: sizeLimit } = queueLimits
const unfinishedMs = 5000
const keptAside = 50

/** Reads a file of the queue, which any program may have put there, and judges whether it may be sent. */
export function readQueued(file: string, contracts: readonly EventContract[], now: number): Queued {
  // A link could point at any secret of the user's.
  const reading = readSmallFile(file, sizeLimit, { links: false })
  if (reading.kind === 'absent') return { kind: 'gone' }
  if (isUnread(reading)) return { kind: 'unread' }
  const text = reading.kind === 'read' ? utf8In(reading.bytes) : undefined
  const bytes = text === undefined ? undefined : recognise(contracts, text)
  if (bytes !== undefined) return { kind: 'event', bytes }
  const stat = statLink(file)
  if (stat === undefined) return { kind: 'gone' }
  const isNew =
    stat.isFile() && stat.size <= sizeLimit && Math.abs(now - stat.mtimeMs) < unfinishedMs
  return { kind: isNew ? 'unfinished' : 'foreign' }
}

/** Moves a file that is not an event to `set-aside/`, where the user can find it. */
export function setAside(folder: string, file: string): void {
  try {
    makeFolder(folder)
    renameSync(file, path.join(folder, path.basename(file)))
    const excess = readdirSync(folder).sort().slice(0, -keptAside)
    for (const name of excess) removeFile(path.join(folder, name))
  } catch {
    // It can't be moved. It stays where it is and is skipped.
  }
}
