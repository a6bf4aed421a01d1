import { unlinkSync } from 'node:fs'
import path from 'node:path'

import { dayMs } from '../contract/timestamp.ts'
import { causeOf, codeOf } from '../files/errors.ts'
import { listFolder, look, namesIn, statLink } from '../files/read.ts'
import { makeFolder, putFile, removeFile } from '../files/write.ts'
import { isOwnState, whyForeign } from './foreign.ts'
import type { Waiting } from './stats.ts'
import { changeWipeMark } from './wipe-mark.ts'

/** What the name of a queued event tells, so that the file need not be opened or even checked. */
export interface EventName {
  readonly sequence: number
  /** When it was queued, in milliseconds. */
  readonly at: number
  readonly bytes: number
  readonly id: string
}

const form = /^(\d{12})-(\d{14})-(\d{7})-([0-9a-f-]{36})\.json$/

/** The sequence comes first: names sort in the order of creation, even when the clock jumps. */
export function nameOf({ sequence, at, bytes, id }: EventName): string {
  return `${padded(sequence, 12)}-${padded(at, 14)}-${padded(bytes, 7)}-${id}.json`
}

/** Undefined for a name that another program gave. */
export function parseName(name: string): EventName | undefined {
  const [, sequence, at, bytes, id] = form.exec(name) ?? []
  if (id === undefined) return undefined
  return { sequence: Number(sequence), at: Number(at), bytes: Number(bytes), id }
}

function padded(value: number, width: number): string {
  return String(Math.max(0, value)).padStart(width, '0')
}

/** One event waiting on disk. */
export interface QueuedFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** When it was queued, in milliseconds. */
  readonly at: number
}

export const queueLimits = {
  events: 1000,
  bytes: 5 * 1024 * 1024,
  ageMs: 30 * dayMs,
  /** Far larger than any of our events. A larger file is not an event, and takes no room. */
  eventBytes: 64 * 1024,
} as const

/** The names of waiting events, oldest first. A missing queue is the same as an empty one. */
export function queuedNames(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
}

export function listQueue(folder: string): readonly QueuedFile[] {
  return queuedNames(folder).flatMap((name) => queuedFile(folder, name) ?? [])
}

/** Returns the event's file. */
export function enqueue(folder: string, event: Omit<EventName, 'bytes'>, bytes: string): string {
  const file = path.join(folder, nameOf({ ...event, bytes: Buffer.byteLength(bytes) }))
  try {
    putFile(file, bytes, false)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    makeFolder(folder)
    putFile(file, bytes, false)
  }
  return file
}

/** Queues all of them or, if one fails, none. Returns their files. */
export function enqueueAll(
  folder: string,
  events: readonly { readonly name: Omit<EventName, 'bytes'>; readonly bytes: string }[],
): readonly string[] {
  const done: string[] = []
  try {
    for (const { name, bytes } of events) done.push(enqueue(folder, name, bytes))
    return done
  } catch (error) {
    for (const file of done) removeFile(file)
    throw error
  }
}

/** What is about to be queued, and since when the clock has been steady. */
export interface Addition {
  readonly events: number
  readonly bytes: number
  readonly now: number
  readonly steadySince: number
}

export interface Room {
  /** The files of the oldest events, to be removed to make room. */
  readonly surplus: readonly string[]
  /** What is waiting after the addition and the removal. */
  readonly waiting: Waiting
}

/**
 * Decides which events must be removed to make room for an addition, and removes nothing. Lists the
 * queue only if it could be full by what is known.
 */
export function planRoom(
  folder: string,
  known: Waiting | null | undefined,
  addition: Addition,
): Room {
  if (known) {
    const waiting = sum(known, addition)
    if (fits(waiting, addition)) return { surplus: [], waiting }
  }
  return withoutOldest(listQueue(folder), addition)
}

function withoutOldest(queue: readonly QueuedFile[], addition: Addition): Room {
  const rest = { events: queue.length, bytes: queue.reduce((all, { bytes }) => all + bytes, 0) }
  const surplus: string[] = []
  for (const one of queue) {
    const waiting = sum({ ...rest, oldest: one.at }, addition)
    if (fits(waiting, addition)) return { surplus, waiting }
    surplus.push(one.path)
    rest.events -= 1
    rest.bytes -= one.bytes
  }
  return { surplus, waiting: sum({ ...rest, oldest: addition.now }, addition) }
}

function sum(waiting: Waiting, { events, bytes }: Addition): Waiting {
  const { oldest } = waiting
  return { events: waiting.events + events, bytes: waiting.bytes + bytes, oldest }
}

/** No event counts as older than the time since the clock last jumped. */
function fits({ events, bytes, oldest }: Waiting, { now, steadySince }: Addition): boolean {
  return (
    events <= queueLimits.events &&
    bytes <= queueLimits.bytes &&
    now - Math.max(oldest, steadySince) <= queueLimits.ageMs
  )
}

/** Removes an event that was delivered in another way. */
export function removeQueued(folder: string, id: string): void {
  for (const name of queuedNames(folder)) {
    if (parseName(name)?.id === id) removeFile(path.join(folder, name))
  }
}

/** Is certainly nothing waiting? */
export function isQueueEmpty(folder: string): boolean {
  const { names, cause } = listFolder(folder)
  return cause === undefined && !names.some((name) => name.endsWith('.json'))
}

/** What could not be deleted, and why. */
export interface Kept {
  readonly path: string
  readonly cause: string
}

export interface Wiped {
  /** How many events were deleted. */
  readonly wiped: number
  readonly kept?: Kept
}

/** Removes everything that could still be sent, also what hosts have not queued yet. */
export function wipeQueue(folder: string): Wiped {
  const state = path.dirname(folder)
  // What is behind a link or in another user's folder is not ours.
  if (!isOwnState(state) || whyForeign(folder) !== undefined) return { wiped: 0 }
  changeWipeMark(state)
  const { names, cause } = listFolder(folder)
  let wiped = 0
  let kept: Kept | undefined = cause === undefined ? undefined : { path: folder, cause }
  for (const name of names) {
    const file = path.join(folder, name)
    try {
      unlinkSync(file)
      if (name.endsWith('.json')) wiped += 1
    } catch (error) {
      // Another process has removed it, or it is a folder, which is never sent.
      if (codeOf(error) === 'ENOENT' || statLink(file)?.isDirectory()) continue
      kept ??= { path: file, cause: causeOf(error) }
    }
  }
  return { wiped, ...(kept && { kept }) }
}

/** Our own names tell everything. A file that another program named must be checked. */
function queuedFile(folder: string, name: string): QueuedFile | undefined {
  // Not path.join: for a thousand events it would take longer than everything else.
  const file = `${folder}${path.sep}${name}`
  const own = parseName(name)
  const stat = own === undefined ? look(file) : undefined
  const one =
    own ??
    (stat?.isFile() ? { bytes: stat.size, at: Math.max(0, Math.trunc(stat.mtimeMs)) } : undefined)
  if (one === undefined || one.bytes > queueLimits.eventBytes) return undefined
  return { name, path: file, bytes: one.bytes, at: one.at }
}
