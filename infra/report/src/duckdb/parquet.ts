import { renameSync, statSync } from 'node:fs'
import path from 'node:path'

import { hintFor, ReportError, reasonOf } from '../error.ts'
import { untilEnd } from '../temporary.ts'
import { type Database, quoted } from './database.ts'
import { isWhole, seal, unsealed } from './seal.ts'

const parquetKey = 'runmat_telemetry_report'
const version = 2

/** What a converted day says of itself. */
export interface Summary {
  /** The segments it was made of: name, bytes, and time of the last change. */
  readonly sources: readonly (readonly [string, number, number])[]
  readonly events: number
  readonly repeated: number
  readonly unreadable: number
}

export function sourcesOf(segments: readonly string[]): Summary['sources'] {
  return segments.map((file) => {
    try {
      const { size, mtimeMs } = statSync(file)
      return [path.basename(file), size, Math.round(mtimeMs)]
    } catch (error) {
      throw new ReportError(`Can't read ${file}: ${reasonOf(error)}.`)
    }
  })
}

export function isSame(left: Summary['sources'], right: Summary['sources']): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

/**
 * Writes these rows beside the file first, under another name, so that the file is whole. A row group
 * is held in memory until it is written, so it is small.
 */
export async function writeParquet(
  { run }: Database,
  file: string,
  select: string,
  summary: Summary,
  told?: (percent: number) => void,
): Promise<void> {
  const { dir, base } = path.parse(file)
  const temporary = path.join(dir, `.${base}.${process.pid}.tmp`)
  const removeTemporary = untilEnd(temporary)
  const metadata = JSON.stringify({ version, seal: unsealed, ...summary })
  try {
    await run(
      `COPY (${select}) TO ${quoted(temporary)} (FORMAT parquet, COMPRESSION zstd,
      COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480, KV_METADATA {${parquetKey}: ${quoted(metadata)}})`,
      told,
    )
    seal(temporary)
    renameSync(temporary, file)
  } finally {
    removeTemporary()
  }
}

/** Throws for a file that is damaged, not ours or of another version, and names it. */
export async function summaryOf({ rows }: Database, file: string): Promise<Summary> {
  const whole = wholeness(file)
  // Without a seal it may be somebody else's, or of another version.
  if (whole === false) throw damaged(file)
  let found
  try {
    found = await rows(metadataQuery([file]))
  } catch {
    throw foreign(file, 'it is damaged, or no Parquet file')
  }
  const summary = parsed(file, found[0]?.['value'])
  if (whole === undefined) throw damaged(file)
  return summary
}

/** For a file whose metadata could be read: DuckDB reads most damage without noticing. */
export function requireWhole(file: string): void {
  if (wholeness(file) !== true) throw damaged(file)
}

function wholeness(file: string): boolean | undefined {
  try {
    return isWhole(file)
  } catch (error) {
    throw foreign(file, reasonOf(error), hintFor(error))
  }
}

/**
 * Those of many files at once; what can't be read is not among them. Nothing but the metadata is
 * looked at.
 */
export async function summariesOf(
  database: Database,
  files: readonly string[],
): Promise<ReadonlyMap<string, Summary>> {
  const found = new Map<string, Summary>()
  if (files.length === 0) return found
  try {
    for (const { file, value } of await database.rows(metadataQuery(files))) {
      found.set(String(file), parsed(String(file), value))
    }
    return found
  } catch {
    // One of them is damaged or foreign: only one by one shows which.
  }
  for (const file of files) {
    try {
      found.set(file, await summaryOf(database, file))
    } catch {
      found.delete(file)
    }
  }
  return found
}

function metadataQuery(files: readonly string[]): string {
  const list = files.map((file) => quoted(file)).join(', ')
  return `SELECT file_name AS file, decode(value) AS value FROM parquet_kv_metadata([${list}])
    WHERE decode(key) = ${quoted(parquetKey)}`
}

function parsed(file: string, text: unknown): Summary {
  if (typeof text !== 'string')
    throw foreign(file, 'this Parquet file was not made by this program')
  const {
    version: theirs,
    sources,
    events,
    repeated,
    unreadable,
  } = JSON.parse(text) as Summary & {
    version: number
  }
  if (theirs === version) return { sources, events, repeated, unreadable }
  throw foreign(file, `it was made by another version (${theirs}) of this program`)
}

function damaged(file: string): ReportError {
  return foreign(file, 'it is damaged')
}

function foreign(
  file: string,
  problem: string,
  hint: { readonly hint?: string } = {},
): ReportError {
  return new ReportError(`Can't read ${file}: ${problem}.`, { isUnreadable: true, ...hint })
}
