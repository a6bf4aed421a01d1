import { statSync } from 'node:fs'
import path from 'node:path'

import { ReportError } from '../error.ts'
import { type Database, quoted } from './database.ts'

export const parquetKey = 'runmat_telemetry_report'
const version = 1

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
  const foreign = (problem: string) => new ReportError(`Can't read ${file}: ${problem}.`)
  let found
  try {
    found = await rows(
      `SELECT decode(value) AS value FROM parquet_kv_metadata(${quoted(file)}) WHERE decode(key) = ${quoted(parquetKey)}`,
    )
  } catch {
    throw foreign('it is damaged, or no Parquet file')
  }
  const text = found[0]?.['value']
  if (typeof text !== 'string') throw foreign('this Parquet file was not made by this program')
  const { version: theirs, ...summary } = JSON.parse(text) as Summary & { version: number }
  if (theirs !== version)
    throw foreign(`it was made by another version (${theirs}) of this program`)
  return summary
}
