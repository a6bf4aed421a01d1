import { type Day, dayOf, daysAfter, isWithin, type Window } from '../days.ts'
import type { Folder, Lines } from '../read/places.ts'
import type { Progress } from '../progress.ts'
import { rewrite } from '../erase/segments.ts'
import { tombstonesIn } from '../erase/tombstones.ts'
import { removeUnfinished } from '../temporary.ts'
import { type Converted, convertDay, dropDamaged, freshDays } from './convert.ts'
import { type Database, openDatabase, quoted } from './database.ts'
import { lockFolder } from './lock.ts'
import type { OpenSource } from './source.ts'
import { isRead, memory, unlessUnreadable } from './unreadable.ts'

/** A folder made ready: Parquet of closed days, and the segments to be read as they are. */
export interface ReadyFolder {
  readonly days: ReadonlyMap<Day, Converted>
  readonly lines: readonly Lines[]
}

export async function readyFolder(
  database: Database,
  folder: Folder,
  { window, now, bounds: { temporary }, progress, places }: OpenSource,
): Promise<ReadyFolder> {
  const today = dayOf(now)
  const all = [...new Set([...folder.segments.keys(), ...folder.parquet.keys()])]
    .filter((day) => isRead(day, window))
    .toSorted()
  // All days, because a day that is converted must agree with those before and after it.
  const isCompared = places.some(({ kind }) => kind === 'lines')
  const days = await freshDays(database, folder, window, isCompared, progress.note)
  const stale = all.filter((day) => day < today && !days.has(day) && folder.segments.has(day))
  const unreadable =
    stale.length > 0 ? await convert(temporary, folder, stale, days, window, progress) : new Set()
  const lines = all
    .filter((day) => !days.has(day) && !unreadable.has(day))
    .flatMap((day) =>
      (folder.segments.get(day) ?? []).map((file) => ({ file, day, isInFolder: true })),
    )
  const read = [...days].filter(([day]) =>
    isCompared || lines.length > 0 ? isRead(day, window) : isWithin(day, window),
  )
  return { days: new Map(read.toSorted(([a], [b]) => (a < b ? -1 : 1))), lines }
}

/**
 * What DuckDB may take while it converts. More would only keep the rows of a large day in memory, which
 * is no faster than the disk.
 */
const little = { memory: '48MB', arena: '24MB', threads: 1 }

/** Gives the days that can't be read. */
async function convert(
  temporary: string,
  folder: Folder,
  stale: readonly Day[],
  days: Map<Day, Converted>,
  window: Window,
  { step, note }: Progress,
): Promise<ReadonlySet<Day>> {
  const unreadable = new Set<Day>()
  const lock = await lockFolder(folder.path)
  if (lock.state !== 'held') {
    note(
      lock.state === 'busy'
        ? `Another report is converting ${folder.path}. Its segments are read as they are.`
        : `Nothing is converted: ${lock.reason}. The segments are read as they are.`,
    )
    return unreadable
  }
  const database = await openDatabase({ ...little, temporary })
  try {
    removeUnfinished(folder.path)
    dropDamaged(days, stale, window, note)
    const stones = tombstonesIn(folder.path)
    const hasStones = stones.clients.size + stones.events.size > 0
    const queue = [...stale]
    for (let day = queue.shift(); day !== undefined; day = queue.shift()) {
      const current = day
      const more = queue.length === 0 ? '' : ` (${queue.length} more)`
      const tell = (done: string) => step(`Converting ${current}${more}: ${done}`)
      const converted = await unlessUnreadable(day, window, note, async () => {
        const segments = hasStones ? (folder.segments.get(current) ?? []) : []
        for (const segment of segments) await rewrite(segment, stones)
        return await convertDay(database, folder, current, days, tell)
      })
      if (converted === undefined) {
        unreadable.add(day)
        continue
      }
      days.set(day, converted)
      // A day that changed may hold what later days counted as first.
      for (const later of await sharing(database, day, converted, days)) {
        if (!folder.segments.has(later)) continue
        days.delete(later)
        if (!queue.includes(later)) queue.push(later)
      }
      queue.sort()
    }
    return unreadable
  } finally {
    database.close()
    lock.release()
  }
}

async function sharing(
  { rows }: Database,
  day: Day,
  { file }: Converted,
  days: ReadonlyMap<Day, Converted>,
): Promise<readonly Day[]> {
  const last = daysAfter(day, memory)
  const found: Day[] = []
  for (const [later, { file: theirs }] of days) {
    if (later <= day || later > last) continue
    const shared = await rows(
      `SELECT 1 AS one FROM read_parquet(${quoted(theirs)}) WHERE id IN (SELECT id FROM read_parquet(${quoted(file)})) LIMIT 1`,
    )
    if (shared.length > 0) found.push(later)
  }
  return found
}
