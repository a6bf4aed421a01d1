import { open } from 'node:fs/promises'

import { limits } from '../limits.ts'

/** The identities of the events that were stored last. */
export interface Remembered {
  readonly has: (id: string) => boolean
  readonly add: (id: string) => void
}

/** Begins with what the end of the file holds, so that a restart forgets nothing. */
export async function rememberedIn(file: string): Promise<Remembered> {
  const ids = new Set<string>()
  const add = (id: string): void => {
    ids.add(id)
    if (ids.size <= limits.remembered.ids) return
    for (const oldest of ids) {
      ids.delete(oldest)
      return
    }
  }
  for (const line of (await tailOf(file)).split('\n')) {
    const id = idOf(line)
    if (id !== undefined) add(id)
  }
  return { has: (id) => ids.has(id), add }
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return ''
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, limits.remembered.bytes)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.subarray(0, bytesRead).toString('latin1')
  } finally {
    await handle.close()
  }
}

function idOf(line: string): string | undefined {
  try {
    const { event_id: id, uuid } = JSON.parse(line) as { event_id?: string; uuid?: string }
    return id ?? uuid
  } catch {
    return undefined
  }
}
