import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

import { limits } from '../limits.ts'
import { type Followed, openFollowed, statOf } from './followed.ts'
import { openRemembered, type Remembered } from './remembered.ts'
import { type Clock, machineClock } from './retention.ts'
import { segmentIn } from './segment-names.ts'

/** A folder whose entries changed this recently may change again without a new time. */
const restlessMs = 2000
const dayMs = 86_400_000
/**
 * How long a segment is followed that does not grow, whatever its name says: a clock may be wrong for a
 * while, and then go back to the segment of the true day. Who stores something after that begins a new
 * one. Names of workers may change with every start, so the others are many.
 */
const quietMs = 2 * dayMs
/** A folder that was copied may look as if every segment had just grown. */
const mostAtStart = 64

export interface FollowedSegments extends Required<Remembered> {
  /** Reads our own segments again, after another process had our name. False if that failed. */
  readonly readOwn: () => Promise<boolean>
}

/**
 * Remembers the ids of a folder's segments: at the start those of the newest lines of every worker, and
 * from then on what the others append. A client whose worker was killed sends its event to another one,
 * which must know it.
 */
export async function followSegments(
  folder: string,
  worker: string,
  passed: Clock['passed'] = machineClock.passed,
): Promise<FollowedSegments> {
  const remembered = openRemembered()
  const known = new Set<string>()
  /** In the order in which they grew. */
  let followed: readonly Entry[] = []
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
      found.push(openFound(name))
    }
    return found
  }

  const openFound = (name: string): Found => {
    const file = path.join(folder, name)
    const owner = segmentIn(name)?.worker ?? ''
    return { file, segment: openFollowed(file, owner, remembered.add) }
  }

  const follow = (entries: readonly Entry[]): void => {
    const isKept = ({ segment, grownAt }: Entry): boolean =>
      segment.worker !== worker && passed() - grownAt < quietMs
    for (const entry of entries) if (!isKept(entry)) entry.segment.release()
    followed = entries.filter(isKept)
  }

  const entryOf = (segment: Followed): Entry => ({ segment, grownAt: passed() })
  follow((await readAll(await findNew())).map(entryOf))

  return {
    readOwn: async () => {
      try {
        const names = (await readdir(folder)).filter((name) => segmentIn(name)?.worker === worker)
        await readAll(names.map(openFound))
        return true
      } catch {
        return false
      }
    },
    add: remembered.add,
    has: (id) => remembered.has(id) || followed.some(({ segment }) => segment.has(id)),
    catchUp: async () => {
      try {
        const news = (await findNew()).map(({ segment }) => entryOf(segment))
        const [first] = followed
        const isQuiet = first !== undefined && passed() - first.grownAt >= quietMs
        if (news.length > 0 || isQuiet) follow([...followed, ...news])
        const all = followed
        const grown = await Promise.all(all.map(({ segment }) => segment.read()))
        followed = [
          ...all.filter((_, at) => !grown[at]),
          ...all.filter((_, at) => grown[at]).map(({ segment }) => entryOf(segment)),
        ]
      } catch {
        // What can't be read now is read later. Until then, an event may be stored twice.
      }
    },
    settle: async () => {
      for (const { segment } of followed) {
        const trouble = await segment.settle()
        if (trouble !== undefined) return trouble
      }
      return undefined
    },
  }
}

interface Entry {
  readonly segment: Followed
  /** By the clock that never jumps. */
  readonly grownAt: number
}

interface Found {
  readonly file: string
  readonly segment: Followed
}

/**
 * Reads the end of them all. Returns those that are not quiet, sorted by how far from now they grew: a
 * clock may be wrong.
 */
async function readAll(found: readonly Found[]): Promise<readonly Followed[]> {
  const now = Date.now()
  const seen = await Promise.all(
    found.map(async ({ file, segment }) => {
      const { size, mtimeMs } = await statOf(file)
      return { segment, size, age: Math.abs(now - mtimeMs) }
    }),
  )
  const newestFirst = seen.toSorted((one, other) => one.age - other.age)
  const starts = startsIn(newestFirst)
  const newestLast = newestFirst.toReversed()
  // Oldest first, so that the newest are remembered longest.
  for (const one of newestLast) await one.segment.start(starts.get(one) ?? one.size, one.size)
  const newest = newestFirst[0]?.age ?? 0
  const atWork = newestLast.filter(({ age }) => age - newest < quietMs).slice(-mostAtStart)
  return atWork.map(({ segment }) => segment)
}

interface Seen {
  readonly segment: Pick<Followed, 'worker'>
  readonly size: number
  readonly age: number
}

/**
 * Where to begin, so that no more is read than allowed. The workers at work share that, however much one
 * of them has stored; what they leave is for older segments.
 */
function startsIn(newestFirst: readonly Seen[]): ReadonlyMap<Seen, number> {
  const current = new Map<string, Seen>()
  for (const one of newestFirst) {
    const isCurrent = one.age - (newestFirst[0]?.age ?? 0) < dayMs
    const { worker } = one.segment
    if (isCurrent && !current.has(worker)) current.set(worker, one)
  }
  const inTurn = new Set([...current.values(), ...newestFirst])
  const starts = new Map<Seen, number>()
  let left = limits.remembered.bytes
  for (const one of inTurn) {
    const sharing = Math.max(1, current.size - starts.size)
    const length = Math.min(one.size, Math.floor(left / sharing))
    starts.set(one, one.size - length)
    left -= length
  }
  return starts
}
