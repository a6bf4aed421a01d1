import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'

import type { Trouble } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import { troubleOf } from './append.ts'
import { idOf, openRemembered, type Remembered } from './remembered.ts'
import { segmentIn } from './segment-names.ts'

/** A folder whose entries changed this recently may change again without a new time. */
const restlessMs = 2000
const blockBytes = 4 * 1024 * 1024

interface Followed {
  readonly file: string
  readonly day: string
  /** How far it was read: always after a line. */
  offset: number
  /** Read, but perhaps not on the disk yet. */
  isUnsettled: boolean
}

/**
 * Remembers the ids of a folder's segments: at the start those of the newest lines of every worker, and
 * from then on what the others append. A client whose worker was killed sends its event to another one,
 * which must know it.
 */
export async function followSegments(folder: string, worker: string): Promise<Remembered> {
  const remembered = openRemembered()
  const followed = new Map<string, Followed>()
  let folderTime = 0

  const find = async (): Promise<void> => {
    const { mtimeMs } = await stat(folder)
    if (mtimeMs === folderTime && Date.now() - mtimeMs > restlessMs) return
    folderTime = mtimeMs
    const names = (await readdir(folder)).toSorted()
    const latest = names.map((name) => segmentIn(name)?.day ?? '').reduce(later, '')
    for (const name of names) {
      const found = segmentIn(name)
      if (found === undefined || followed.has(name)) continue
      const isOld = found.worker === worker || found.day < latest
      // After the start, only new segments of others have news.
      if (isOld && !isStarting) continue
      const file = path.join(folder, name)
      followed.set(name, { file, day: found.day, offset: 0, isUnsettled: true })
    }
  }

  /** Our own segments, and those of days that are over. */
  const forget = (): void => {
    const days = [...new Set([...followed.values()].map(({ day }) => day))].toSorted()
    for (const [name, { day }] of followed) {
      const isOurs = segmentIn(name)?.worker === worker
      if (isOurs || !days.slice(-2).includes(day)) followed.delete(name)
    }
  }

  const read = async (one: Followed, isId: (line: string) => string | undefined) => {
    const size = await sizeOf(one.file)
    // Rewritten by an erasure: from the start again.
    if (size < one.offset) one.offset = 0
    if (size === one.offset) return
    one.isUnsettled = true
    one.offset = await readLines(one.file, one.offset, size, (line) => {
      const id = isId(line)
      if (id !== undefined) remembered.add(id)
    })
  }

  let isStarting = true
  await find()
  let budget = limits.remembered.bytes
  for (const one of [...followed.values()].toReversed()) {
    const size = await sizeOf(one.file)
    one.offset = Math.max(0, size - budget)
    budget -= size - one.offset
  }
  for (const one of followed.values()) await read(one, idOf)
  isStarting = false
  forget()

  return {
    ...remembered,
    catchUp: async () => {
      try {
        await find()
        forget()
        await Promise.all([...followed.values()].map((one) => read(one, idBetween)))
      } catch {
        // What can't be read now is read later. Until then, an event may be stored twice.
      }
    },
    settle: async () => {
      for (const one of followed.values()) {
        if (!one.isUnsettled) continue
        one.isUnsettled = false
        const trouble = await syncData(one.file)
        if (trouble === undefined) continue
        one.isUnsettled = true
        return trouble
      }
      return undefined
    },
  }
}

function later(one: string, other: string): string {
  return one > other ? one : other
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return 0
      throw error
    },
  )
}

/** Reads whole lines and returns where the last one ends. */
async function readLines(
  file: string,
  from: number,
  to: number,
  take: (line: string) => void,
): Promise<number> {
  const handle = await open(file, 'r')
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
