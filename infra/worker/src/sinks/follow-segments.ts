import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

import { limits } from '../limits.ts'
import { type Followed, openFollowed, statOf } from './followed.ts'
import { openRemembered, type Remembered } from './remembered.ts'
import { segmentIn } from './segment-names.ts'

/** A folder whose entries changed this recently may change again without a new time. */
const restlessMs = 2000
/**
 * How many segments of each other worker are followed: those that grew last. Its clock, or ours, may be
 * wrong for a while, over midnight too, and then it goes back to the segment of the true day.
 */
const mostOfEach = 3

/**
 * Remembers the ids of a folder's segments: at the start those of the newest lines of every worker, and
 * from then on what the others append. A client whose worker was killed sends its event to another one,
 * which must know it.
 */
export async function followSegments(folder: string, worker: string): Promise<Remembered> {
  const remembered = openRemembered()
  const known = new Set<string>()
  /** In the order in which they grew. */
  let followed: readonly Followed[] = []
  let folderTime = 0

  const findNew = async (): Promise<readonly Found[]> => {
    const { mtimeMs } = await stat(folder)
    if (mtimeMs === folderTime && Date.now() - mtimeMs > restlessMs) return []
    folderTime = mtimeMs
    const found: Found[] = []
    for (const name of (await readdir(folder)).toSorted()) {
      const segment = known.has(name) ? undefined : segmentIn(name)
      if (segment === undefined) continue
      known.add(name)
      const file = path.join(folder, name)
      found.push({ file, segment: openFollowed(file, segment.worker, remembered.add) })
    }
    return found
  }

  const follow = (segments: readonly Followed[]): void => {
    const counts = new Map<string, number>()
    const isKept = ({ worker: name }: Followed): boolean => {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return name !== worker && count <= mostOfEach
    }
    followed = segments.toReversed().filter(isKept).toReversed()
  }

  follow(await readAll(await findNew()))

  return {
    add: remembered.add,
    has: (id) => remembered.has(id) || followed.some((segment) => segment.has(id)),
    catchUp: async () => {
      try {
        const news = (await findNew()).map(({ segment }) => segment)
        if (news.length > 0) follow([...followed, ...news])
        const all = followed
        const grown = await Promise.all(all.map((segment) => segment.read()))
        followed = [...all.filter((_, at) => !grown[at]), ...all.filter((_, at) => grown[at])]
      } catch {
        // What can't be read now is read later. Until then, an event may be stored twice.
      }
    },
    settle: async () => {
      for (const segment of followed) {
        const trouble = await segment.settle()
        if (trouble !== undefined) return trouble
      }
      return undefined
    },
  }
}

interface Found {
  readonly file: string
  readonly segment: Followed
}

/** Reads the end of them all, and sorts them by how far from now they grew: a clock may be wrong. */
async function readAll(found: readonly Found[]): Promise<readonly Followed[]> {
  const now = Date.now()
  const ages = new Map<Followed, number>()
  let budget = limits.remembered.bytes
  const parts: (() => Promise<void>)[] = []
  for (const { file, segment } of found.toReversed()) {
    const { size, mtimeMs } = await statOf(file)
    ages.set(segment, Math.abs(now - mtimeMs))
    const from = Math.max(0, size - budget)
    budget -= size - from
    parts.push(() => segment.start(from, size))
  }
  // Oldest first, so that the newest are remembered longest.
  for (const read of parts.toReversed()) await read()
  const age = (segment: Followed): number => ages.get(segment) ?? 0
  return [...ages.keys()].toSorted((one, other) => age(other) - age(one))
}
