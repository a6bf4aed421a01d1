import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'

import type { Trouble } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import { troubleOf } from './append.ts'
import { idOf } from './remembered.ts'

const blockBytes = 4 * 1024 * 1024
/** Ids of lines that nobody has asked about yet, before they are settled anyway. */
const mostUnsettled = 5000

/**
 * A segment as far as it was read. Its worker takes the last lines back if it can't sync them, so an
 * event counts as stored once we have synced it and its line is still there.
 */
export interface Followed {
  readonly worker: string
  /** Reads the last lines of what was there before we began. */
  readonly start: (from: number, to: number) => Promise<void>
  /** Reads what was appended. Returns whether anything was. */
  readonly read: () => Promise<boolean>
  /** Whether a line that is not settled yet has this id. */
  readonly has: (id: string) => boolean
  /** Ends the following: what was read counts as settled. */
  readonly release: () => void
  /** Makes sure that what was read would survive a crash. */
  readonly settle: () => Promise<Trouble | undefined>
}

/** `add` hears the ids that are settled. */
export function openFollowed(file: string, worker: string, add: (id: string) => void): Followed {
  let ino: number | undefined
  /** Both are always after a line. */
  let offset = 0
  let settled = 0
  let isSynced = true
  let unsettled = new Set<string>()

  /** What is read from here on is settled by itself. */
  const beginAt = (start: number): void => {
    for (const id of unsettled) add(id)
    unsettled = new Set()
    offset = settled = start
  }

  const readNews = async (): Promise<boolean> => {
    const found = await statOf(file)
    if (found.ino !== ino) {
      // Moved away, deleted or rewritten by an erasure: what was stored there is not sent again.
      beginAt(0)
      ino = found.ino
    } else if (found.size < offset) {
      unsettled = new Set()
      if (found.size < settled) settled = 0
      offset = settled
    }
    if (found.size <= offset) return false
    // Restored from a backup, or we were frozen for long: no more than at the start.
    if (found.size - offset > limits.remembered.bytes) {
      beginAt(found.size - limits.remembered.bytes)
    }
    isSynced = false
    offset = await readLines(file, offset, found.size, (line) => {
      const id = idBetween(line)
      if (id !== undefined) unsettled.add(id)
    })
    return true
  }

  const settle = async (): Promise<Trouble | undefined> => {
    if (isSynced) return undefined
    const trouble = await syncData(file)
    if (trouble !== undefined) return trouble
    const there = new Set<string>()
    await readLines(file, settled, offset, (line) => there.add(idBetween(line) ?? ''))
    for (const id of unsettled) if (there.delete(id)) add(id)
    there.delete('')
    // What took the place of lines that were taken back is synced next time.
    unsettled = there
    isSynced = there.size === 0
    if (isSynced) settled = offset
    return undefined
  }

  return {
    worker,
    start: async (from, to) => {
      ino = (await statOf(file)).ino
      isSynced = false
      offset = settled = await readLines(file, from, to, (line) => {
        const id = idOf(line)
        if (id !== undefined) add(id)
      })
    },
    read: async () => {
      const isGrown = await readNews()
      if (unsettled.size > mostUnsettled) await settle()
      return isGrown
    },
    has: (id) => unsettled.has(id),
    release: () => beginAt(offset),
    settle: async () => {
      try {
        await readNews()
        return await settle()
      } catch (error) {
        return troubleOf(error)
      }
    },
  }
}

/** A file that is gone is empty. */
export async function statOf(file: string): Promise<Pick<Stats, 'size' | 'ino' | 'mtimeMs'>> {
  return await stat(file).catch(unlessGone({ size: 0, ino: 0, mtimeMs: 0 }))
}

function unlessGone<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}

/** Reads whole lines and returns where the last one ends. */
async function readLines(
  file: string,
  from: number,
  to: number,
  take: (line: string) => void,
): Promise<number> {
  if (from >= to) return from
  const handle = await open(file, 'r').catch(unlessGone(undefined))
  if (handle === undefined) return from
  try {
    let at = from
    while (at < to) {
      const block = Buffer.allocUnsafe(Math.min(blockBytes, to - at))
      const { bytesRead } = await handle.read(block, 0, block.length, at)
      const end = block.subarray(0, bytesRead).lastIndexOf(10)
      if (end === -1) return at
      for (const line of block.toString('latin1', 0, end).split('\n')) take(line)
      at += end + 1
    }
    return at
  } finally {
    await handle.close()
  }
}

async function syncData(file: string): Promise<Trouble | undefined> {
  try {
    // Windows syncs only what may be written, others may have made it read-only.
    const handle = await open(file, 'r+').catch(() => open(file, 'r'))
    try {
      await handle.datasync()
    } finally {
      await handle.close()
    }
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : troubleOf(error)
  }
}

const names = ['"event_id":"', '"uuid":"'] as const

/** The id of a line that a living worker wrote whole, without parsing it. */
function idBetween(line: string): string | undefined {
  for (const name of names) {
    const at = line.indexOf(name)
    if (at === -1) continue
    const start = at + name.length
    return line.slice(start, line.indexOf('"', start))
  }
  return undefined
}
