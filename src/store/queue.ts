import { readdirSync, renameSync } from 'node:fs'
import path from 'node:path'

import { look } from '../files/look.ts'
import { makeFolder, removeFile, temporaryName, writeNewFile } from '../files/write.ts'
import { type EventName, nameOf, parseName } from './queue-name.ts'

/** One event waiting on disk. */
export interface Waiting {
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** When it was queued, in milliseconds. */
  readonly at: number
}

export const queueLimits = {
  events: 1000,
  bytes: 5 * 1024 * 1024,
  ageMs: 30 * 24 * 60 * 60 * 1000,
  /** No event of ours comes near; a file that is larger is something else, and takes no room. */
  eventBytes: 64 * 1024,
} as const

/** The names of what waits, oldest first. Not having a queue is the same as having an empty one. */
export function queuedNames(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
}

export function listQueue(folder: string): readonly Waiting[] {
  return queuedNames(folder).flatMap((name) => waiting(folder, name) ?? [])
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
  renameSync(temporary, file)
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

/**
 * Makes room for so many more events: the oldest give way. Says how many did. Nothing is older than
 * the time for which the clock has gone without a leap.
 */
export function makeRoom(
  folder: string,
  names: readonly string[],
  room: {
    readonly events: number
    readonly bytes: number
    readonly now: number
    readonly steadySince: number
  },
): number {
  const queue = names.flatMap((name) => waiting(folder, name) ?? [])
  let events = queue.length + room.events
  let bytes = queue.reduce((sum, one) => sum + one.bytes, room.bytes)
  let dropped = 0
  for (const one of queue) {
    const expired = room.now - Math.max(one.at, room.steadySince) > queueLimits.ageMs
    if (!expired && events <= queueLimits.events && bytes <= queueLimits.bytes) break
    if (removeFile(one.path)) dropped += 1
    events -= 1
    bytes -= one.bytes
  }
  return dropped
}

/** Removes everything that could still be sent, and says how many events that were. */
export function wipeQueue(folder: string): number {
  return namesIn(folder).filter(
    (name) => removeFile(path.join(folder, name)) && name.endsWith('.json'),
  ).length
}

/** Our own names say all there is to know; another program's file has to be looked at. */
function waiting(folder: string, name: string): Waiting | undefined {
  // Not path.join: for a thousand events it would take longer than all the rest.
  const file = `${folder}${path.sep}${name}`
  const own = parseName(name)
  const stat = own === undefined ? look(file) : undefined
  const one = own ?? (stat?.isFile() ? { bytes: stat.size, at: stat.mtimeMs } : undefined)
  if (one === undefined || one.bytes > queueLimits.eventBytes) return undefined
  return { name, path: file, bytes: one.bytes, at: one.at }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
