import { renameSync } from 'node:fs'
import path from 'node:path'

import { type Database, quoted } from '../duckdb/database.ts'
import { metadataOf, parquetOptions, sourcesOf, summaryOf } from '../duckdb/parquet.ts'
import { factColumns } from '../duckdb/table.ts'
import { ReportError, reasonOf } from '../error.ts'
import { untilEnd } from '../temporary.ts'
import type { Tombstones } from './tombstones.ts'

export async function countInParquet(
  { rows }: Database,
  file: string,
  stones: Tombstones,
): Promise<number> {
  const [row] = await rows(
    `SELECT count(*) AS n FROM read_parquet(${quoted(file)}) WHERE ${matching(stones)}`,
  )
  return Number(row?.['n'])
}

/** Its segments were rewritten before, so it is told that they are the ones it was made of. */
export async function rewriteParquet(
  database: Database,
  file: string,
  segments: readonly string[],
  stones: Tombstones,
  linesErased: number,
): Promise<number> {
  const found = await countInParquet(database, file, stones)
  if (found === 0 && linesErased === 0) return 0
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  const removeTemporary = untilEnd(temporary)
  try {
    const summary = await summaryOf(database, file)
    const sources = segments.length === 0 ? summary.sources : sourcesOf(segments)
    const metadata = metadataOf({ ...summary, sources, events: summary.events - found })
    await database.run(`COPY (SELECT ${factColumns} FROM read_parquet(${quoted(file)}) WHERE NOT (${matching(stones)}))
      TO ${quoted(temporary)} (${parquetOptions(metadata)})`)
    renameSync(temporary, file)
    return found
  } catch (error) {
    throw error instanceof ReportError
      ? error
      : new ReportError(`Can't rewrite ${file}: ${reasonOf(error)}.`)
  } finally {
    removeTemporary()
  }
}

function matching({ clients, events }: Tombstones): string {
  return `(client IS NOT NULL AND client IN (${idsOf(clients)})) OR id IN (${idsOf(events)})`
}

const nobody = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID"

function idsOf(ids: ReadonlySet<string>): string {
  return [nobody, ...[...ids].map((id) => `${quoted(id)}::UUID`)].join(', ')
}
