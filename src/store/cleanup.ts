import { existsSync, rmdirSync } from 'node:fs'
import path from 'node:path'

import { eventIdIn } from '../contract/event-id.ts'
import { causeOf } from '../files/errors.ts'
import { look, namesIn } from '../files/read.ts'
import { removeAll, removeFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { erasureFile } from './erasure.ts'
import { isMark } from './leaving.ts'
import { readLedger } from './ledger.ts'
import type { Sent } from './ledger-lines.ts'
import { folderOf, removeFolderIfEmpty } from './postponed.ts'
import { parseName, queuedNames } from './queue.ts'

export interface Forgotten {
  /** What was there and is gone. */
  readonly removed: readonly string[]
  /** The first error, if anything could not be removed. */
  readonly failure?: unknown
}

/** Removes every file that it can except the settings, which contain the opt-out. */
export function forgetEverything({ clientId, state }: Paths): Forgotten {
  const found = [clientId, state].filter((place) => existsSync(place))
  const failures: unknown[] = []
  const remove = (place: string): void => {
    try {
      removeAll(place)
    } catch (error) {
      failures.push(error)
    }
  }
  remove(clientId)
  // The note of an erasure goes last: until then, `status` says that something is still to be done.
  for (const name of namesIn(state)) {
    const file = path.join(state, name)
    if (file !== erasureFile({ state })) remove(file)
  }
  if (failures.length === 0) remove(state)
  // A process that was killed while it made the id has left it under another name.
  const [folder, name] = [path.dirname(clientId), `${path.basename(clientId)}.`]
  for (const other of namesIn(folder)) {
    if (other.startsWith(name)) remove(path.join(folder, other))
  }
  // Folders that contained only our files are removed as well.
  for (const empty of [folder, path.dirname(state)]) {
    try {
      rmdirSync(empty)
    } catch {
      continue
    }
  }
  const removed = found.filter((place) => !existsSync(place))
  return failures.length === 0 ? { removed } : { removed, failure: failures[0] }
}

/** A write takes much less time than this. */
const ageMs = 60 * 60 * 1000

/** Removes the temporary files of processes that were killed. */
export function removeLeftovers({ state, queue, stats, clientId }: Paths): void {
  const ours = [state, queue, folderOf(stats)].flatMap(temporaryIn)
  // Other programs keep their files beside the id.
  const ids = temporaryIn(path.dirname(clientId)).filter((file) => file.startsWith(`${clientId}.`))
  for (const file of [...ours, ...ids]) {
    const written = look(file)?.mtimeMs ?? Date.now()
    if (Math.abs(Date.now() - written) > ageMs) removeFile(file)
  }
  removeFolderIfEmpty(stats)
}

/**
 * Removes what a process had delivered and noted when it was killed, so that it is not sent again. Throws
 * if the ledger can't be read.
 */
export function removeDelivered({ ledger, queue }: Paths): void {
  const delivered = new Set(
    deliveriesIn(ledger).flatMap((sent) => (sent.confirmed ? eventIdIn(sent.event) : [])),
  )
  for (const name of queuedNames(queue)) {
    const id = parseName(name)?.id
    if (id !== undefined && delivered.has(id)) removeFile(path.join(queue, name))
  }
}

function deliveriesIn(ledger: string): readonly Sent[] {
  try {
    return readLedger(ledger, true)
  } catch (error) {
    throw new Error(`Cannot read ${ledger}: ${causeOf(error)}.`, { cause: error })
  }
}

function temporaryIn(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.tmp') && !isMark(name))
    .map((name) => path.join(folder, name))
}
