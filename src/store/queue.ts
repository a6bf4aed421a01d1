import { renameSync } from 'node:fs'
import path from 'node:path'

import { dayMs } from '../contract/timestamp.ts'
import { retryWhileInUse } from '../files/errors.ts'
import { look, namesIn } from '../files/read.ts'
import { makeFolder, removeFile, temporaryName, writeNewFile } from '../files/write.ts'
import { isOwnState, whyForeign } from './foreign.ts'
import type { Waiting } from './stats.ts'

/** What the name of a queued event tells, so that nobody has to open or even look at the file. */
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
  /** No event of ours comes near; a file that is larger is something else, and takes no room. */
  eventBytes: 64 * 1024,
} as const

/** The names of what waits, oldest first. Not having a queue is the same as having an empty one. */
export function queuedNames(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
}

export function listQueue(folder: string): readonly QueuedFile[] {
  return queuedNames(folder).flatMap((name) => queuedFile(folder, name) ?? [])
}

/** A file appears under its name only when it is whole. */
export function enqueue(folder: string, event: Omit<EventName, 'bytes'>, bytes: string): string {
  const file = path.join(folder, nameOf({ ...event, bytes: Buffer.byteLength(bytes) }))
  const temporary = temporaryName(file)
  try {
    writeNewFile(temporary, bytes, false)
  } catch {
    makeFolder(folder)
    writeNewFile(temporary, bytes, false)
  }
  retryWhileInUse(() => renameSync(temporary, file))
  return file
}

/** Queues all of them or, where one cannot be, none. Answers with their files. */
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

/** What is about to be queued, and since when ages count: the clock may have leapt. */
export interface Addition {
  readonly events: number
  readonly bytes: number
  readonly now: number
  readonly steadySince: number
}

export interface Room {
  /** The files of the oldest events, which have to make room. */
  readonly surplus: readonly string[]
  /** What waits once the addition has been made and the surplus removed. */
  readonly waiting: Waiting
}

/**
 * Decides which events have to make room for an addition, and removes nothing. Looks into the queue
 * only if what is known to wait could fill it.
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

/** Nothing is older than the time for which the clock has gone without a leap. */
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

/** Removes everything that could still be sent, and says how many events that were. */
export function wipeQueue(folder: string): number {
  // Behind a link, or in the folder of another user, lies nothing of ours.
  if (!isOwnState(path.dirname(folder)) || whyForeign(folder) !== undefined) return 0
  return namesIn(folder).filter(
    (name) => removeFile(path.join(folder, name)) && name.endsWith('.json'),
  ).length
}

/** Our own names say all there is to know; another program's file has to be looked at. */
function queuedFile(folder: string, name: string): QueuedFile | undefined {
  // Not path.join: for a thousand events it would take longer than all the rest.
  const file = `${folder}${path.sep}${name}`
  const own = parseName(name)
  const stat = own === undefined ? look(file) : undefined
  const one =
    own ??
    (stat?.isFile() ? { bytes: stat.size, at: Math.max(0, Math.trunc(stat.mtimeMs)) } : undefined)
  if (one === undefined || one.bytes > queueLimits.eventBytes) return undefined
  return { name, path: file, bytes: one.bytes, at: one.at }
}
