import { mkdir, open, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

import type { Erasure } from 'runmat-telemetry-common/events/erasure'

import type { Settings } from '../settings.ts'
import { syncFolder } from './append.ts'
import { folderError } from './folder-error.ts'
import { dayOf } from './segment-names.ts'
import { openStones, type Stones, stoneLines } from './stones.ts'

/** Who asked to be erased. A tombstone holds an id and a day, and is kept for good. */
export interface Tombstones extends Omit<Stones, 'add' | 'learn' | 'clients'> {
  /** Settles once the place of the tombstones can be asked. */
  readonly ready: Promise<void>
  /** Settles once the tombstones would survive a crash; rejects otherwise. */
  readonly add: (erasure: Erasure) => Promise<void>
  readonly clients: () => Promise<ReadonlySet<string>>
  /** Learns what other workers have added. */
  readonly catchUp: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Read by `runmat-telemetry-report erase`, too. */
const fileName = 'erased.ndjson'

/** Undefined where there is no place for them. */
export async function tombstonesOf(
  { tombstones: folder }: Pick<Settings, 'tombstones'>,
  now?: () => number,
): Promise<Tombstones | undefined> {
  return folder === undefined ? undefined : await openTombstones(folder, now)
}

async function openTombstones(folder: string, now: () => number = Date.now): Promise<Tombstones> {
  const file = path.join(path.resolve(folder), fileName)
  const { clients, learn, add, ...known } = openStones()
  let offset = 0
  let appending: Promise<unknown> = Promise.resolve()

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
    learn(text.slice(from, end))
    offset = end
  }

  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    await catchUp()
  } catch (error) {
    throw folderError(folder, error)
  }
  return {
    ...known,
    ready: Promise.resolve(),
    // One after the other, so that a rollback can't hit what another request has written.
    add: (erasure) => {
      const addNext = async (): Promise<void> => {
        await append(file, stoneLines(erasure, dayOf(now())))
        add(erasure)
      }
      const adding = appending.then(addNext)
      appending = adding.catch(() => undefined)
      return adding
    },
    clients: async () => {
      await catchUp()
      return clients
    },
    catchUp,
    close: async () => void (await appending),
  }
}

/** Other workers append to the same file, so nothing is ever rolled back or cut off here. */
async function append(file: string, lines: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    const isTorn = size > 0 && buffer.toString() !== '\n'
    await handle.appendFile(`${isTorn ? '\n' : ''}${lines}`)
    await handle.datasync()
    if (size === 0) await syncFolder(path.dirname(file))
  } finally {
    await handle.close()
  }
}
