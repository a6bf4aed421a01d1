import { statSync } from 'node:fs'
import path from 'node:path'

import { ReportError } from '../error.ts'
import { type Database, quoted } from './database.ts'

const parquetKey = 'runmat_telemetry_report'
const version = 1

/** A row group is held in memory until it is written: a smaller one takes a third of the memory. */
export function parquetOptions(metadata: string): string {
  return `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1,
    ROW_GROUP_SIZE 40960,
    KV_METADATA {${parquetKey}: ${quoted(metadata)}}`
}

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
    const { size, mtimeMs } = statSync(file)
    return [path.basename(file), size, Math.round(mtimeMs)]
  })
}

export function metadataOf(summary: Summary): string {
  return JSON.stringify({ version, ...summary })
}

/** Throws for a file that is not ours or of another version, and names it. */
export async function summaryOf({ rows }: Database, file: string): Promise<Summary> {
  let found
  try {
    found = await rows(metadataQuery([file]))
  } catch {
    throw foreign(file, 'it is damaged, or no Parquet file')
  }
  return parsed(file, found[0]?.['value'])
}

/** Those of many files at once; what can't be read is not among them. */
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
  const { version: theirs, ...summary } = JSON.parse(text) as Summary & { version: number }
  if (theirs === version) return summary
  throw foreign(file, `it was made by another version (${theirs}) of this program`)
}

function foreign(file: string, problem: string): ReportError {
  return new ReportError(`Can't read ${file}: ${problem}.`, { isUnreadable: true })
}
