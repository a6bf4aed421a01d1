import { renameSync, rmdirSync } from 'node:fs'
import path from 'node:path'

import { look, namesIn, readSmallFile } from '../files/read.ts'
import { newUuid } from '../files/uuid.ts'
import { makeFolder, removeFile, temporaryName, writeNewFile } from '../files/write.ts'

/**
 * Counts that could not wait for the statistics. Each is a file of its own, until a process that
 * has the lock folds it in.
 */
export interface Postponed {
  readonly name: string
  readonly content: unknown
}

/** As many as one host folds in at once without being held up by it. */
const atOnce = 25
const sizeLimit = 16 * 1024

export function postpone(stats: string, at: number, content: unknown): void {
  const folder = folderOf(stats)
  const file = path.join(folder, `${String(at).padStart(14, '0')}-${newUuid()}.json`)
  const temporary = temporaryName(file)
  // The process that folds in the last one removes the folder.
  for (let tries = 1; ; tries += 1) {
    try {
      makeFolder(folder)
      writeNewFile(temporary, JSON.stringify(content), false)
      renameSync(temporary, file)
      return
    } catch (error) {
      if (tries === 10) throw error
    }
  }
}

/** Costs one look at the disk where there are none. */
export function hasPostponed(stats: string): boolean {
  return look(folderOf(stats)) !== undefined
}

/** The oldest of them, but for those that the statistics contain already. */
export function readPostponed(stats: string, folded: readonly string[]): readonly Postponed[] {
  if (!hasPostponed(stats)) return []
  const names = namesIn(folderOf(stats)).filter(
    (name) => name.endsWith('.json') && !folded.includes(name),
  )
  return names
    .sort()
    .slice(0, atOnce)
    .map((name) => ({ name, content: contentOf(path.join(folderOf(stats), name)) }))
}

/** Removes what has been folded in. */
export function removePostponed(stats: string, names: readonly string[]): void {
  for (const name of names) removeFile(path.join(folderOf(stats), name))
  try {
    rmdirSync(folderOf(stats))
  } catch {
    // There are more.
  }
}

/** Those of the names whose files are still there. */
export function remainingOf(stats: string, names: readonly string[]): readonly string[] {
  if (names.length === 0 || !hasPostponed(stats)) return []
  const there = new Set(namesIn(folderOf(stats)))
  return names.filter((name) => there.has(name))
}

function folderOf(stats: string): string {
  return path.join(path.dirname(stats), 'counts')
}

function contentOf(file: string): unknown {
  const reading = readSmallFile(file, sizeLimit, { links: false })
  try {
    return reading.kind === 'read' ? JSON.parse(reading.bytes.toString('utf8')) : undefined
  } catch {
    return undefined
  }
}
