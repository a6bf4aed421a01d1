import { readdirSync } from 'node:fs'
import path from 'node:path'

import { type Database } from '../duckdb/database.ts'
import { lockFolder } from '../duckdb/lock.ts'
import { sourcesOf, summaryOf } from '../duckdb/parquet.ts'
import { dayOf } from '../days.ts'
import { ReportError } from '../error.ts'
import { derivedFrom, isUuid } from '../facts/identity.ts'
import { type Folder } from '../read/places.ts'
import { removeUnfinished } from '../temporary.ts'
import { countInParquet, rewriteParquet } from './parquet.ts'
import { countIn, rewrite } from './segments.ts'
import type { Tombstones } from './tombstones.ts'

export interface Erased {
  readonly lines: number
  readonly files: number
  /** How many events of the open day are still to be removed. */
  readonly open: number
}

/** What went wrong with one file must not keep the rest from being erased or searched. */
export type Failed = (error: ReportError) => void

/** Removes everything that the worker's tombstones name from closed segments and from Parquet. */
export async function erase(
  database: Database,
  folder: Folder,
  stones: Tombstones,
  now: number,
  failed: Failed,
): Promise<Erased> {
  const lock = await lockFolder(folder.path)
  if (lock.state === 'busy') throw new ReportError(`Another report is converting ${folder.path}.`)
  if (lock.state === 'closed')
    throw new ReportError(`Can't erase in ${folder.path}: ${lock.reason}.`)
  try {
    removeUnfinished(folder.path)
    return await eraseDays(database, folder, stones, dayOf(now), failed)
  } finally {
    lock.release()
  }
}

async function eraseDays(
  database: Database,
  folder: Folder,
  stones: Tombstones,
  today: string,
  failed: Failed,
): Promise<Erased> {
  let lines = 0
  let files = 0
  let open = 0
  for (const day of new Set([...folder.segments.keys(), ...folder.parquet.keys()])) {
    const segments = folder.segments.get(day) ?? []
    // The open day is the worker's: it drops what comes under an erased id, and the day is closed soon.
    if (day >= today) {
      for (const segment of segments)
        open += (await unless(failed, () => countIn(segment, stones))) ?? 0
      continue
    }
    let here = 0
    const before = (await unless(failed, async () => sourcesOf(segments))) ?? []
    for (const segment of segments) {
      const found = (await unless(failed, () => rewrite(segment, stones))) ?? 0
      here += found
      files += Number(found > 0)
    }
    const parquet = folder.parquet.get(day)
    if (parquet !== undefined) {
      const erased = { lines: here, before }
      const found = await unless(failed, () =>
        rewriteParquet(database, parquet, segments, stones, erased),
      )
      files += Number(found !== undefined && (found > 0 || here > 0))
      if (segments.length === 0) here += found ?? 0
    }
    lines += here
  }
  return { lines, files, open }
}

/** If a file can't be read or written, reports that and returns undefined. */
export async function unless<Value>(
  failed: Failed,
  act: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof ReportError)) throw error
    failed(error)
    return undefined
  }
}

/** Where something of an id is still to be found, in whatever file, with how often. */
export async function findings(
  database: Database,
  folder: Folder,
  stones: Tombstones,
  failed: Failed,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const file of filesIn(folder)) {
    const count = await unless(failed, async () => {
      if (!file.endsWith('.parquet')) return await countIn(file, stones)
      // Of a damaged file, nothing is proven.
      await summaryOf(database, file)
      return await countInParquet(database, file, stones)
    })
    if (count !== undefined && count > 0) found.set(file, count)
  }
  return found
}

/** No tombstones, which have to name whom they keep away; no locks, and no Parquet that is being made. */
const unsearched = /^(?:posthog-)?erased\.ndjson$|\.lock$|\.parquet\.\d+\.tmp$/

function filesIn({ path: folder }: Folder): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !unsearched.test(entry.name))
    .map(({ name }) => path.join(folder, name))
}

/**
 * An id may be a client's or an event's, as it was sent. One that is no version 4 of a UUID was stored
 * as one derived from it.
 */
export function stonesOf(id: string): Tombstones {
  const given = id.toLowerCase()
  const derived = [given, `uuid:${given}`, `event_id:${given}`].map(derivedFrom)
  const ids = new Set([...(isUuid(given) ? [given] : []), ...derived])
  return { clients: ids, events: ids }
}
