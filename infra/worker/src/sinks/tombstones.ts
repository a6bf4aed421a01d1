import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'

import type { Erasure } from 'runmat-telemetry-common/events/erasure'

import type { Settings } from '../settings.ts'
import { appendShared } from './append.ts'
import { folderError } from './folder-error.ts'
import { makeFolder } from './make-folder.ts'
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
  /** Gives other workers those that only this one has. Rejects unless they have all of them. */
  readonly share?: () => Promise<void>
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
  /** The file's size when it was read last. Half a line at its end is no reason to read it again. */
  let seen = 0
  let appending: Promise<unknown> = Promise.resolve()
  let next: Group | undefined

  const catchUp = async (): Promise<void> => {
    const size = await stat(file).then(
      (found) => found.size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return 0
        throw error
      },
    )
    if (size === seen) return
    const text = await readFile(file, 'latin1')
    seen = text.length
    const from = text.length < offset ? 0 : offset
    const end = text.lastIndexOf('\n') + 1
    learn(text.slice(from, end))
    offset = end
  }

  const begin = (): Group => {
    const erasures: Erasure[] = []
    const write = async (): Promise<void> => {
      next = undefined
      const all = known.unknownIn(merged(erasures))
      // Also without anything new: what another worker wrote is synced before the answer.
      await appendShared(file, stoneLines(all, dayOf(now())))
      add(all)
    }
    const done = appending.then(write)
    appending = done.catch(() => undefined)
    return { erasures, done }
  }

  try {
    await makeFolder(path.dirname(file))
    await catchUp()
  } catch (error) {
    throw folderError(folder, error)
  }
  return {
    ...known,
    ready: Promise.resolve(),
    // Requests that come while one is written are written together, so that a flood costs few syncs.
    add: (erasure) => {
      next ??= begin()
      next.erasures.push(erasure)
      return next.done
    },
    clients: async () => {
      await catchUp()
      return clients
    },
    catchUp,
    close: async () => void (await appending),
  }
}

interface Group {
  readonly erasures: Erasure[]
  readonly done: Promise<void>
}

function merged(erasures: readonly Erasure[]): Erasure {
  return {
    clients: [...new Set(erasures.flatMap(({ clients }) => clients))],
    events: [...new Set(erasures.flatMap(({ events }) => events))],
  }
}
