import path from 'node:path'

import { type Day, daysAfter, isWithin, type Window } from '../days.ts'
import { hintFor, ReportError, reasonOf } from '../error.ts'
import { texts } from '../facts/columns.ts'
import { amountOf } from '../progress.ts'
import { type Blocks, blocksOfFile } from '../read/lines.ts'
import type { Folder } from '../read/places.ts'
import { type Database, quoted } from './database.ts'
import {
  isSame,
  requireWhole,
  sourcesOf,
  summariesOf,
  type Summary,
  summaryOf,
  writeParquet,
} from './parquet.ts'
import { isWhole } from './seal.ts'
import { openStaging } from './staging.ts'
import { ifReadable, isRead, memory, unlessUnreadable } from './unreadable.ts'
import { factColumns, findRepeats, selectLoaded } from './table.ts'

export interface Converted {
  readonly file: string
  readonly summary: Summary
}

/**
 * The Parquet files that still say what the segments say. Those before the days asked for only show what
 * comes again, so they are checked only where lines are to be read: to check a file is to read all of it.
 */
export async function freshDays(
  database: Database,
  { segments, parquet }: Folder,
  window: Window,
  isCompared: boolean,
  note: (text: string) => void,
): Promise<Map<Day, Converted>> {
  const summaries = await summariesOf(database, [...parquet.values()])
  const fresh = new Map<Day, Converted>()
  const look = async (day: Day, file: string, isChecked: boolean): Promise<void> => {
    const present = segments.get(day)
    const known = summaries.get(file)
    if (present !== undefined && known !== undefined && !isSame(sourcesOf(present), known.sources))
      return
    const read = async () => {
      if (known === undefined) return await summaryOf(database, file)
      if (isChecked) requireWhole(file)
      return known
    }
    // Without its segments, it is all there is of the day: it must be readable.
    const summary =
      present === undefined
        ? await unlessUnreadable(day, window, note, read)
        : await ifReadable(read, ({ message }) => note(`${message} Its segments are read instead.`))
    if (summary === undefined) fresh.delete(day)
    else fresh.set(day, { file, summary })
  }
  for (const [day, file] of parquet) await look(day, file, isWithin(day, window))
  if (isCompared || [...segments.keys()].some((day) => isRead(day, window) && !fresh.has(day))) {
    for (const [day, { file }] of fresh) {
      if (isRead(day, window) && !isWithin(day, window)) await look(day, file, true)
    }
  }
  return fresh
}

/**
 * The days asked for were looked at. Those that a conversion compares ids with may lie before or after
 * them.
 */
export function dropDamaged(
  days: Map<Day, Converted>,
  stale: readonly Day[],
  window: Window,
  note: (text: string) => void,
): void {
  for (const [day, { file }] of days) {
    const isNear = stale.some(
      (other) => day >= daysAfter(other, -memory) && day <= daysAfter(other, memory),
    )
    if (isRead(day, window) || !isNear || isWhole(file) === true) continue
    days.delete(day)
    note(`${file} is damaged. The report continues without it: ${day} was not asked for.`)
  }
}

/** Makes one closed day into Parquet. */
export async function convertDay(
  database: Database,
  folder: Folder,
  day: Day,
  earlier: ReadonlyMap<Day, Converted>,
  tell: (done: string) => void,
): Promise<Converted> {
  const segments = folder.segments.get(day) ?? []
  const sources = sourcesOf(segments)
  const file = path.join(folder.path, `${day}.parquet`)
  const { run, rows } = database
  try {
    const staging = await openStaging(database)
    let unreadable = 0
    const size = sources.reduce((sum, [, bytes]) => sum + bytes, 0)
    let before = 0
    try {
      for (const [at, segment] of segments.entries()) {
        const blocks = blocksOf(segment, (bytes) => tell(`${amountOf(before + bytes, size)} read`))
        unreadable += await staging.read(blocks, day)
        before += sources[at]?.[1] ?? 0
      }
    } finally {
      staging.finish()
    }
    for (const sql of findRepeats(filesBefore(day, earlier))) await run(sql)
    const [counts] = await rows(
      `SELECT (SELECT count(*) FROM loaded) AS lines,
        (SELECT count(*) FROM loaded l JOIN repeats r ON r.id = l.id AND r.first <> l.rowid) AS repeated`,
    )
    const repeated = Number(counts?.['repeated'])
    const events = Number(counts?.['lines']) - repeated
    const summary: Summary = { sources, events, repeated, unreadable }
    await encodeProfiles(database)
    const select = `SELECT ${factColumns} FROM (${selectLoaded(quoted(day))})`
    await writeParquet(database, file, select, summary, (done) => tell(`${done} % written`))
    return { file, summary }
  } catch (error) {
    if (error instanceof ReportError) throw error
    throw new ReportError(`Can't convert ${day} in ${folder.path}: ${reasonOf(error)}.`)
  }
}

/** Parquet's row groups each repeat a whole dictionary. */
const mostWords = 4096

/** A dictionary for each column of few words, so that Parquet's need not be made from every row. */
async function encodeProfiles({ run, rows }: Database): Promise<void> {
  const columns: string[] = []
  for (const name of texts) {
    const words = `SELECT DISTINCT ${name} FROM profiles`
    const [found] = await rows(`SELECT count(*) AS n FROM (${words} LIMIT ${mostWords + 1})`)
    const count = Number(found?.['n'])
    if (count === 0 || count > mostWords) continue
    await run(`CREATE OR REPLACE TYPE words_of_${name} AS ENUM (${words})`)
    columns.push(`${name}::words_of_${name} AS ${name}`)
  }
  if (columns.length === 0) return
  await run(
    `CREATE OR REPLACE TABLE profiles AS SELECT * REPLACE (${columns.join(', ')}) FROM profiles`,
  )
}

export function filesBefore(day: Day, days: ReadonlyMap<Day, Converted>): readonly string[] {
  const first = daysAfter(day, -memory)
  return [...days].flatMap(([other, { file }]) =>
    other >= first && other < day ? [quoted(file)] : [],
  )
}

/** Says which file it is that cannot be read. */
export async function* blocksOf(file: string, told?: (bytes: number) => void): Blocks {
  try {
    yield* blocksOfFile(file, told)
  } catch (error) {
    const { code } = error as { code?: string }
    const cut = code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR'
    throw new ReportError(
      `Can't read ${file}: ${cut ? 'the compressed file is cut short or damaged' : reasonOf(error)}.`,
      { isUnreadable: true, ...hintFor(error) },
    )
  }
}
