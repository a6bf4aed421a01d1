import { mkdir, open, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

import type { Erasure } from 'runmat-telemetry-common/events/erasure'
import type { Event } from 'runmat-telemetry-common/events/event'

import type { Settings } from '../settings.ts'
import { syncFolder } from './append.ts'
import { folderError } from './folder-error.ts'
import { dayOf } from './segment-names.ts'

/** Who asked to be erased. A tombstone holds an id and a day, and is kept for good. */
export interface Tombstones {
  /** Settles once the tombstones would survive a crash; rejects otherwise. */
  readonly add: (erasure: Erasure) => Promise<void>
  /** What of it has no tombstone yet. */
  readonly unknownIn: (erasure: Erasure) => Erasure
  readonly covers: (event: Event) => boolean
  readonly clients: () => Promise<ReadonlySet<string>>
  /** All of clients and events. */
  readonly ids: () => readonly string[]
  /** Learns what other workers on the folder have added. */
  readonly catchUp: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Read by `runmat-telemetry-report erase`, too. */
const fileName = 'erased.ndjson'

type Stone = { readonly id: string } | { readonly uuid: string }

/** Undefined where there is no place for them. */
export async function tombstonesOf(
  { tombstones: folder }: Pick<Settings, 'tombstones'>,
  now?: () => number,
): Promise<Tombstones | undefined> {
  return folder === undefined ? undefined : await openTombstones(folder, now)
}

async function openTombstones(folder: string, now: () => number = Date.now): Promise<Tombstones> {
  const file = path.join(path.resolve(folder), fileName)
  const clients = new Set<string>()
  const events = new Set<string>()
  let offset = 0
  let appending: Promise<unknown> = Promise.resolve()

  const learn = (line: string): void => {
    try {
      const stone = JSON.parse(line) as { id?: unknown; uuid?: unknown }
      if (typeof stone.id === 'string') clients.add(stone.id)
      if (typeof stone.uuid === 'string') events.add(stone.uuid)
    } catch {
      // Half a line, of a request that got no answer.
    }
  }
  const catchUp = async (): Promise<void> => {
    const size = await stat(file).then(
      (found) => found.size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return 0
        throw error
      },
    )
    if (size === offset) return
    const text = await readFile(file, 'latin1')
    const from = text.length < offset ? 0 : offset
    const end = text.lastIndexOf('\n') + 1
    for (const line of text.slice(from, end).split('\n')) learn(line)
    offset = end
  }

  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    await catchUp()
  } catch (error) {
    throw folderError(folder, error)
  }
  return {
    // One after the other, so that a rollback can't hit what another request has written.
    add: (erasure) => {
      const addNext = async (): Promise<void> => {
        const stones = [
          ...erasure.clients.map((id) => ({ id })),
          ...erasure.events.map((uuid) => ({ uuid })),
        ]
        await append(file, stones, dayOf(now()))
        for (const id of erasure.clients) clients.add(id)
        for (const uuid of erasure.events) events.add(uuid)
      }
      const adding = appending.then(addNext)
      appending = adding.catch(() => undefined)
      return adding
    },
    unknownIn: (erasure) => ({
      clients: erasure.clients.filter((id) => !clients.has(id)),
      events: erasure.events.filter((uuid) => !events.has(uuid)),
    }),
    covers: ({ uuid, fields: { cid, install_id: install } }) =>
      events.has(uuid) || clients.has(cid as string) || clients.has(install as string),
    clients: async () => {
      await catchUp()
      return clients
    },
    ids: () => [...clients, ...events],
    catchUp,
    close: async () => void (await appending),
  }
}

/** Other workers append to the same file, so nothing is ever rolled back or cut off here. */
async function append(file: string, stones: readonly Stone[], day: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    const isTorn = size > 0 && buffer.toString() !== '\n'
    const lines = stones.map((stone) => `${JSON.stringify({ ...stone, day })}\n`)
    await handle.appendFile(`${isTorn ? '\n' : ''}${lines.join('')}`)
    await handle.datasync()
    if (size === 0) await syncFolder(path.dirname(file))
  } finally {
    await handle.close()
  }
}
