import { rmSync } from 'node:fs'

import { type Database, quoted } from '../duckdb/database.ts'
import { isSame, sourcesOf, type Summary, summaryOf, writeParquet } from '../duckdb/parquet.ts'
import { factColumns } from '../duckdb/table.ts'
import { ifReadable } from '../duckdb/unreadable.ts'
import { ReportError, reasonOf } from '../error.ts'
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

/**
 * Its segments were rewritten just now, so it is told that they are the ones it was made of; unless they
 * were others before that, which the next report has to convert.
 */
export async function rewriteParquet(
  database: Database,
  file: string,
  segments: readonly string[],
  stones: Tombstones,
  { lines, before }: { readonly lines: number; readonly before: Summary['sources'] },
): Promise<number> {
  const summary = await summaryUnlessDamaged(database, file, segments)
  if (summary === undefined) return 0
  try {
    const found = await countInParquet(database, file, stones)
    if (found === 0 && lines === 0) return 0
    const sources = isSame(summary.sources, before) ? sourcesOf(segments) : summary.sources
    const select = `SELECT ${factColumns} FROM read_parquet(${quoted(file)}) WHERE NOT (${matching(stones)})`
    await writeParquet(database, file, select, {
      ...summary,
      sources,
      events: summary.events - found,
    })
    return found
  } catch (error) {
    throw error instanceof ReportError
      ? error
      : new ReportError(`Can't rewrite ${file}: ${reasonOf(error)}.`)
  }
}

/** A damaged file that can be made again is removed: its segments hold nothing any more of what is erased. */
async function summaryUnlessDamaged(
  database: Database,
  file: string,
  segments: readonly string[],
): Promise<Summary | undefined> {
  const read = () => summaryOf(database, file)
  return await ifReadable(read, (error) => {
    if (segments.length === 0) throw error
    try {
      rmSync(file)
    } catch (reason) {
      throw new ReportError(`Can't remove ${file}: ${reasonOf(reason)}.`)
    }
  })
}

function matching({ clients, events }: Tombstones): string {
  return `(client IS NOT NULL AND client IN (${idsOf(clients)})) OR id IN (${idsOf(events)})`
}

const nobody = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID"

function idsOf(ids: ReadonlySet<string>): string {
  return [nobody, ...[...ids].map((id) => `${quoted(id)}::UUID`)].join(', ')
}
