import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs'

import { builtin } from './builtin.ts'
import {
  causeOf,
  codeOf,
  isMissing,
  isPassing,
  patience,
  retryWhileInUse,
  toRead,
} from './errors.ts'

export type Reading =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'unreadable'
      readonly reason: string
      /** It can't be read at this moment: another program has it open for itself, or the disk is away. */
      readonly isPassing?: boolean
      /** There is a file where its folder should be. */
      readonly hasNoFolder?: boolean
    }
  | { readonly kind: 'read'; readonly bytes: Buffer }

/** Could it not be read at this moment, whatever it contains? */
export function isUnread(reading: Reading): boolean {
  return reading.kind === 'unreadable' && reading.isPassing === true
}

/** A file that is needed can't be read at this moment. */
export class UnreadError extends Error {}

/**
 * Reads a small regular file that another program may have put there. Never blocks on a pipe or
 * device, never reads a huge file, and tells a missing file from an unreadable one. On Windows it waits
 * up to `mostMs` for a program that lets nobody else open the file.
 */
export function readSmallFile(
  path: string,
  limit: number,
  {
    links = true,
    mostMs = patience.mostMs,
  }: { readonly links?: boolean; readonly mostMs?: number } = {},
): Reading {
  let file: number | undefined
  let isLink = false
  try {
    // Most files that we look for don't exist, and an exception costs more than a stat.
    const found = lstatSync(path, optional)
    if (found === undefined) return { kind: 'absent' }
    isLink = found.isSymbolicLink()
    const target = links && isLink ? statSync(path, optional) : found
    // Some devices act as soon as they are opened.
    if (target?.isFile() === false) return unreadable(target)
    const flags = links ? reading : reading | (constants.O_NOFOLLOW ?? 0)
    file = retryWhileInUse(() => openSync(path, flags), { inUse: toRead, mostMs })
    const stat = fstatSync(file)
    if (!stat.isFile()) return unreadable(stat)
    if (stat.size > limit) {
      return { kind: 'unreadable', reason: `it is larger than ${limit / 1024} KiB` }
    }
    const bytes = Buffer.allocUnsafe(stat.size)
    return { kind: 'read', bytes: bytes.subarray(0, readFully(file, bytes)) }
  } catch (error) {
    const code = codeOf(error)
    const isGone = file === undefined && code === 'ENOENT'
    // It was removed since we looked.
    if (isGone && !isLink) return { kind: 'absent' }
    const reason = isGone ? nowhere : causeOf(error)
    return {
      kind: 'unreadable',
      reason,
      isPassing: isPassing(error),
      hasNoFolder: code === 'ENOTDIR',
    }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const optional = { throwIfNoEntry: false } as const

function unreadable(stat: Stats): Reading {
  const reason = stat.isDirectory() ? 'it is a folder' : 'it is not a regular file'
  return { kind: 'unreadable', reason }
}

const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
const nowhere = 'it is a symbolic link to a file that does not exist'

/** The text that the bytes are; undefined if they are none. */
export function utf8In(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8')
  // What is no UTF-8 has become this character. To load the module just for asking takes Bun a while.
  if (text.includes('\uFFFD') && !builtin('node:buffer').isUtf8(bytes)) return undefined
  return text
}

function readFully(file: number, into: Buffer): number {
  let length = 0
  while (length < into.length) {
    const count = readSync(file, into, length, into.length - length, length)
    if (count === 0) break
    length += count
  }
  return length
}

/** Stats the file, through links. Undefined if that fails for any reason. */
export function look(file: string): Stats | undefined {
  return quietly(() => statSync(file, { throwIfNoEntry: false }))
}

/** Stats the file or link itself. */
export function statLink(file: string): Stats | undefined {
  return quietly(() => lstatSync(file, { throwIfNoEntry: false }))
}

/** Where a symbolic link leads, in the words of the link. Undefined if it is none. */
export function linkTo(file: string): string | undefined {
  return quietly(() => readlinkSync(file))
}

/** The names in a folder. A missing or unreadable folder counts as empty. */
export function namesIn(folder: string): readonly string[] {
  return quietly(() => readdirSync(folder)) ?? []
}

export interface Listing {
  readonly names: readonly string[]
  /** Why there may be more. */
  readonly cause?: string
}

/** The names in a folder, for those who must know whether these are all. */
export function listFolder(folder: string): Listing {
  try {
    return { names: readdirSync(folder) }
  } catch (error) {
    return { names: [], ...(!isMissing(error) && { cause: causeOf(error) }) }
  }
}

/** Those of the names that are still in the folder, or may be because it can't be listed. */
export function stillIn(folder: string, names: readonly string[]): readonly string[] {
  const { names: found, cause } = listFolder(folder)
  const there = new Set(found)
  return names.filter((name) => cause !== undefined || there.has(name))
}

function quietly<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
