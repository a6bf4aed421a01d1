import { statSync } from 'node:fs'
import path from 'node:path'

import { type Day, isWithin, type Window } from '../days.ts'
import { amountOf, type Progress } from '../progress.ts'
import { tellingBytes, wholeLines } from '../read/lines.ts'
import type { Lines, Place } from '../read/places.ts'
import type { Coverage, Source } from '../source.ts'
import { blocksOf, type Converted } from './convert.ts'
import { type Bounds, type Database, openDatabase, quoted } from './database.ts'
import { readyFolder } from './load-folder.ts'
import { summaryOf } from './parquet.ts'
import { openStaging } from './staging.ts'
import { factColumns, findRepeats, ownDay, selectLoaded } from './table.ts'
import { unlessUnreadable } from './unreadable.ts'

export interface OpenSource {
  readonly places: readonly Place[]
  readonly window: Window
  readonly bounds: Bounds
  readonly now: number
  readonly stdin: AsyncIterable<Buffer>
  readonly progress: Progress
}

interface Counted {
  repeated: number
  unreadable: number
}

/** Reads every place into one table `facts` of DuckDB's, each event once. */
export async function openFiles(options: OpenSource): Promise<Source> {
  const database = await openDatabase(options.bounds)
  try {
    const counted = await load(database, options)
    return {
      coverage: () => coverageOf(database, counted, options.window),
      rows: database.rows,
      close: database.close,
    }
  } catch (error) {
    database.close()
    throw error
  }
}

async function load(database: Database, options: OpenSource): Promise<Counted> {
  const { places, window } = options
  const days = new Map<string, Converted>()
  const files: Converted[] = []
  const lines: Lines[] = []
  for (const place of places) {
    if (place.kind === 'folder') {
      const ready = await readyFolder(database, place.folder, options)
      for (const [day, converted] of ready.days) days.set(`${day} ${converted.file}`, converted)
      lines.push(...ready.lines)
    } else if (place.kind === 'parquet') {
      files.push({ file: place.file, summary: await summaryOf(database, place.file) })
    } else if (place.kind === 'lines') {
      lines.push(place.lines)
    }
  }
  const unreadable = await readLines(database, lines, options)
  // Days of one folder know of each other. Files that came together by chance do not.
  const parts = places.filter(({ kind }) => kind !== 'lines').length
  const all = [...days.values(), ...files]
  const within = all.filter(({ file }) => {
    const day = dayOfFile(file)
    return day === undefined || isWithin(day, window)
  })
  const counted = {
    repeated: total(within, 'repeated'),
    unreadable: total(within, 'unreadable') + unreadable,
  }
  const read = (list: readonly Converted[]) =>
    `SELECT ${factColumns} FROM read_parquet([${list.map(({ file }) => quoted(file)).join(', ')}])`
  const { run, rows } = database
  for (const sql of findRepeats(all.map(({ file }) => quoted(file)))) await run(sql)
  const [again] = await rows(
    `SELECT count(*) AS n FROM loaded AS l JOIN repeats AS r ON r.id = l.id AND r.first <> l.rowid
     WHERE ${windowed(ownDay, window)}`,
  )
  counted.repeated += Number(again?.['n'])
  const loaded = `SELECT * FROM (${selectLoaded(ownDay)})`
  const sources = [`SELECT ${factColumns} FROM kept`, ...(within.length > 0 ? [read(within)] : [])]
  await run(`CREATE TABLE kept AS ${loaded}`)
  await run('DROP TABLE loaded; DROP TABLE profiles; DROP TABLE repeats')
  if (parts > 1) {
    counted.repeated += await mergeParts(database, sources, window)
  } else {
    await run(`CREATE VIEW everything AS ${sources.join(' UNION ALL ')}`)
  }
  // Every question reads the same files, and none of them changes any more.
  await run('SET parquet_metadata_cache = true')
  await run(`CREATE VIEW facts AS SELECT * FROM everything WHERE ${windowed('day', window)}`)
  return counted
}

/** Of an event that several places have, the earliest day counts. */
async function mergeParts(
  { run, rows }: Database,
  sources: readonly string[],
  window: Window,
): Promise<number> {
  await run(`CREATE TABLE merged AS SELECT *, row_number() OVER (PARTITION BY id ORDER BY day) AS place
    FROM (${sources.join(' UNION ALL ')})`)
  const [again] = await rows(
    `SELECT count(*) AS n FROM merged WHERE place > 1 AND ${windowed('day', window)}`,
  )
  await run('CREATE VIEW everything AS SELECT * EXCLUDE (place) FROM merged WHERE place = 1')
  return Number(again?.['n'])
}

async function readLines(
  database: Database,
  lines: readonly Lines[],
  { window, stdin, progress }: OpenSource,
): Promise<number> {
  const staging = await openStaging(database)
  let unreadable = 0
  for (const { file, day, isInFolder } of lines.toSorted(byDay)) {
    const told = toldOf(file, progress)
    const blocks = file === undefined ? wholeLines(tellingBytes(stdin, told)) : blocksOf(file, told)
    const read = () => staging.read(blocks, day)
    const bad =
      day !== undefined && isInFolder === true
        ? ((await unlessUnreadable(day, window, progress.note, read)) ?? 0)
        : await read()
    if (day === undefined || isWithin(day, window)) unreadable += bad
  }
  staging.finish()
  return unreadable
}

function toldOf(file: string | undefined, { step }: Progress): (bytes: number) => void {
  const name = file === undefined ? 'the standard input' : path.basename(file)
  const size = file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0)
  return (bytes) => step(`Reading ${name}: ${amountOf(bytes, size)}`)
}

/** By day, so that an event belongs to the day on which it first arrived. */
function byDay({ day: a = '~' }: Lines, { day: b = '~' }: Lines): number {
  return a < b ? -1 : Number(a > b)
}

function dayOfFile(file: string): Day | undefined {
  return /(\d{4}-\d{2}-\d{2})\.parquet$/.exec(file)?.[1]
}

function total(list: readonly Converted[], name: 'repeated' | 'unreadable'): number {
  return list.reduce((sum, { summary }) => sum + summary[name], 0)
}

function isBounded({ since, until }: Window): boolean {
  return since !== undefined || until !== undefined
}

/** Within a window there is no place for what has no day. */
function windowed(day: string, window: Window): string {
  const { since, until } = window
  const parts = [
    ...(since === undefined ? [] : [`${day} >= ${quoted(since)}`]),
    ...(until === undefined ? [] : [`${day} <= ${quoted(until)}`]),
    ...(isBounded(window) ? [`${day} <> 'unknown'`] : []),
  ]
  return parts.length === 0 ? 'true' : parts.map((part) => `(${part})`).join(' AND ')
}

async function coverageOf({ rows }: Database, counted: Counted, window: Window): Promise<Coverage> {
  const days = new Map<string, number>()
  for (const { day, n } of await rows('SELECT day, count(*) AS n FROM everything GROUP BY day')) {
    days.set(String(day), Number(n))
  }
  const undated = days.get('unknown') ?? 0
  days.delete('unknown')
  const within = [...days.keys()].filter((day) => isWithin(day, window)).toSorted()
  const dated = within.reduce((sum, day) => sum + (days.get(day) ?? 0), 0)
  return {
    events: dated + (isBounded(window) ? 0 : undated),
    ...counted,
    undated,
    from: within[0] ?? null,
    until: within.at(-1) ?? null,
  }
}
