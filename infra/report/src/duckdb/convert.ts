import { renameSync } from 'node:fs'
import path from 'node:path'

import { type Day, daysAfter, type Window } from '../days.ts'
import { ReportError, reasonOf } from '../error.ts'
import { texts } from '../facts/columns.ts'
import { type Blocks, blocksOfFile } from '../read/lines.ts'
import type { Folder } from '../read/places.ts'
import { untilEnd } from '../temporary.ts'
import { type Database, quoted } from './database.ts'
import {
  metadataOf,
  parquetOptions,
  sourcesOf,
  summariesOf,
  type Summary,
  summaryOf,
} from './parquet.ts'
import { openStaging } from './staging.ts'
import { memory, unlessUnreadable } from './unreadable.ts'
import { factColumns, findRepeats, selectLoaded } from './table.ts'

export interface Converted {
  readonly file: string
  readonly summary: Summary
}

/** The Parquet files that still say what the segments say. */
export async function freshDays(
  database: Database,
  { segments, parquet }: Folder,
  window: Window,
  note: (text: string) => void,
): Promise<Map<Day, Converted>> {
  const summaries = await summariesOf(database, [...parquet.values()])
  const fresh = new Map<Day, Converted>()
  for (const [day, file] of parquet) {
    const present = segments.get(day)
    // Without its segments, it is all there is of the day: it must be readable.
    const summary =
      summaries.get(file) ??
      (present === undefined
        ? await unlessUnreadable(day, window, note, () => summaryOf(database, file))
        : undefined)
    if (summary === undefined) continue
    const isFresh =
      present === undefined ||
      JSON.stringify(sourcesOf(present)) === JSON.stringify(summary.sources)
    if (isFresh) fresh.set(day, { file, summary })
  }
  return fresh
}

/** Makes one closed day into Parquet: beside it under another name first, so that it is whole. */
export async function convertDay(
  database: Database,
  folder: Folder,
  day: Day,
  earlier: ReadonlyMap<Day, Converted>,
): Promise<Converted> {
  const segments = folder.segments.get(day) ?? []
  const sources = sourcesOf(segments)
  const file = path.join(folder.path, `${day}.parquet`)
  const temporary = path.join(folder.path, `.${day}.parquet.${process.pid}.tmp`)
  const removeTemporary = untilEnd(temporary)
  const { run, rows } = database
  try {
    const staging = await openStaging(database)
    let unreadable = 0
    try {
      for (const segment of segments) unreadable += await staging.read(blocksOf(segment), day)
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
    await run(`COPY (SELECT ${factColumns} FROM (${selectLoaded(quoted(day))}))
      TO ${quoted(temporary)} (${parquetOptions(metadataOf(summary))})`)
    renameSync(temporary, file)
    return { file, summary }
  } catch (error) {
    if (error instanceof ReportError) throw error
    throw new ReportError(`Can't convert ${day} in ${folder.path}: ${reasonOf(error)}.`)
  } finally {
    removeTemporary()
  }
}

/** Parquet's row groups each repeat a whole dictionary. */
const mostWords = 4096

/** A dictionary for each column of few words, so that Parquet's need not be made from every row. */
async function encodeProfiles({ run, rows }: Database): Promise<void> {
  for (const name of texts) {
    const words = `SELECT DISTINCT ${name} FROM profiles`
    const [found] = await rows(`SELECT count(*) AS n FROM (${words} LIMIT ${mostWords + 1})`)
    const count = Number(found?.['n'])
    if (count === 0 || count > mostWords) continue
    await run(`CREATE OR REPLACE TYPE words_of_${name} AS ENUM (${words})`)
    await run(`ALTER TABLE profiles ALTER ${name} TYPE words_of_${name}`)
  }
}

export function filesBefore(day: Day, days: ReadonlyMap<Day, Converted>): readonly string[] {
  const first = daysAfter(day, -memory)
  return [...days].flatMap(([other, { file }]) =>
    other >= first && other < day ? [quoted(file)] : [],
  )
}

/** Says which file it is that cannot be read. */
export async function* blocksOf(file: string): Blocks {
  try {
    yield* blocksOfFile(file)
  } catch (error) {
    const { code } = error as { code?: string }
    const cut = code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR'
    throw new ReportError(
      `Can't read ${file}: ${cut ? 'the compressed file is cut short or damaged' : reasonOf(error)}.`,
      { isUnreadable: true },
    )
  }
}
