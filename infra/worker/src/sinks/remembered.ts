import { open } from 'node:fs/promises'

import type { Trouble } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import { folderError } from './folder-error.ts'

/** The ids of the events stored last: between one and two times the limit. */
export interface Remembered {
  readonly has: (id: string) => boolean
  readonly add: (id: string) => void
  /** Learns what other workers have stored meanwhile. */
  readonly catchUp?: () => Promise<void>
  /** Makes sure that what was learnt from them would survive a crash. */
  readonly settle?: () => Promise<Trouble | undefined>
}

export function openRemembered(): Remembered {
  // Two sets take turns, because deleting a set's oldest entries one by one becomes slow in V8.
  let older = new Set<string>()
  let newer = new Set<string>()
  const add = (id: string): void => {
    newer.add(id)
    if (newer.size < limits.remembered.ids) return
    older = newer
    newer = new Set()
  }
  return { has: (id) => newer.has(id) || older.has(id), add }
}

/** Starts from the end of the file, so that a restart forgets nothing. */
export async function rememberedIn(file: string): Promise<Remembered> {
  const remembered = openRemembered()
  const tail = await tailOf(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw folderError(file, error)
  })
  for (const line of tail.split('\n')) {
    const id = idOf(line)
    if (id !== undefined) remembered.add(id)
  }
  return remembered
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, limits.remembered.bytes)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.subarray(0, bytesRead).toString('latin1')
  } finally {
    await handle.close()
  }
}

/** Undefined for half a line, which holds no event. */
export function idOf(line: string): string | undefined {
  try {
    const { event_id: id, uuid } = JSON.parse(line) as { event_id?: string; uuid?: string }
    return id ?? uuid
  } catch {
    return undefined
  }
}
