import { renameSync, rmdirSync } from 'node:fs'
import path from 'node:path'

import { isUnread, look, namesIn, type Reading, readSmallFile, stillIn } from '../files/read.ts'
import { newUuid } from '../files/uuid.ts'
import { makeFolder, removeFile, temporaryName, writeNewFile } from '../files/write.ts'

/**
 * Counts of hosts that could not wait for the statistics. Each is a file, until a process that has the
 * lock adds it to the statistics.
 */
export interface Postponed {
  readonly name: string
  readonly content: unknown
}

/** As many as a host can add at once without a noticeable delay. */
const atOnce = 25
/** Where the disk can't read what they are to be added to, they would become more for ever. */
const most = 10_000
const sizeLimit = 16 * 1024

export function postpone(stats: string, at: number, content: unknown): void {
  const folder = folderOf(stats)
  if (namesIn(folder).length >= most) return
  const file = path.join(folder, `${String(at).padStart(14, '0')}-${newUuid()}.json`)
  const temporary = temporaryName(file)
  // The process that adds the last one removes the folder.
  for (let tries = 1; ; tries += 1) {
    try {
      makeFolder(folder)
      writeNewFile(temporary, JSON.stringify(content), false)
      renameSync(temporary, file)
      return
    } catch (error) {
      removeFile(temporary)
      if (tries === 10) throw error
    }
  }
}

/** Most often there is not even a folder, and this costs one system call. */
export function hasPostponed(stats: string): boolean {
  return look(folderOf(stats)) !== undefined && namesIn(folderOf(stats)).some(isWhole)
}

/** The oldest of them, except those that the statistics contain already. */
export function readPostponed(stats: string, folded: readonly string[]): readonly Postponed[] {
  if (look(folderOf(stats)) === undefined) return []
  const names = namesIn(folderOf(stats)).filter((name) => isWhole(name) && !folded.includes(name))
  // A host that was killed may have left it, and listing it makes every count slower.
  if (names.length === 0) removeFolderIfEmpty(stats)
  return names
    .sort()
    .slice(0, atOnce)
    .flatMap((name) => {
      const reading = readSmallFile(path.join(folderOf(stats), name), sizeLimit, { links: false })
      // What the disk failed to read is not lost yet.
      return isUnread(reading) ? [] : [{ name, content: contentOf(reading) }]
    })
}

/** Removes the counts that were added to the statistics, and their folder if nothing else is in it. */
export function removePostponed(stats: string, names: readonly string[]): void {
  for (const name of names) removeFile(path.join(folderOf(stats), name))
  removeFolderIfEmpty(stats)
}

export function removeFolderIfEmpty(stats: string): void {
  try {
    rmdirSync(folderOf(stats))
  } catch {
    // Something is still in it, or it is gone.
  }
}

/** Those of the names whose files are still there. */
export function remainingOf(stats: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : stillIn(folderOf(stats), names)
}

/** A process that was killed leaves an empty folder, or a file that it had not written yet. */
function isWhole(name: string): boolean {
  return name.endsWith('.json')
}

export function folderOf(stats: string): string {
  return path.join(path.dirname(stats), 'counts')
}

function contentOf(reading: Reading): unknown {
  try {
    return reading.kind === 'read' ? JSON.parse(reading.bytes.toString('utf8')) : undefined
  } catch {
    return undefined
  }
}
