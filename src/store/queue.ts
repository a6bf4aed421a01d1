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
export function enqueue(folder: string, event: Omit<EventName, 'bytes'>, bytes: string): void {
  const file = path.join(folder, nameOf({ ...event, bytes: Buffer.byteLength(bytes) }))
  const temporary = temporaryName(file)
  try {
    writeNewFile(temporary, bytes, false)
  } catch {
    makeFolder(folder)
    writeNewFile(temporary, bytes, false)
  }
  renameSync(temporary, file)
}

/**
 * Makes room for so many more events: the oldest give way. Says how many did. `calm` is false
 * right after the clock has leapt, when ages mean nothing.
 */
export function makeRoom(
  folder: string,
  names: readonly string[],
  room: {
    readonly events: number
    readonly bytes: number
    readonly now: number
    readonly calm: boolean
  },
): number {
  const queue = names.flatMap((name) => waiting(folder, name) ?? [])
  let events = queue.length + room.events
  let bytes = queue.reduce((sum, one) => sum + one.bytes, room.bytes)
  let dropped = 0
  for (const one of queue) {
    const expired = room.calm && room.now - one.at > queueLimits.ageMs
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
  const file = path.join(folder, name)
  const own = parseName(name)
  if (own !== undefined) return { name, path: file, bytes: own.bytes, at: own.at }
  const stat = look(file)
  return stat?.isFile() ? { name, path: file, bytes: stat.size, at: stat.mtimeMs } : undefined
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
