import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'

import { type Day, isDay } from '../days.ts'
import { ReportError, reasonOf } from '../error.ts'

/** Lines: a segment, another file, or the standard input. */
export interface Lines {
  readonly file: string | undefined
  /** The day of arrival, which a segment has in its name. */
  readonly day: Day | undefined
  readonly isInFolder?: boolean
}

export interface Folder {
  readonly path: string
  readonly segments: ReadonlyMap<Day, readonly string[]>
  /** What was converted. */
  readonly parquet: ReadonlyMap<Day, string>
}

export type Place =
  | { readonly kind: 'lines'; readonly lines: Lines }
  | { readonly kind: 'parquet'; readonly file: string }
  | { readonly kind: 'folder'; readonly folder: Folder }
  | { readonly kind: 'clickhouse'; readonly address: string }

const segment = /^(\d{4}-\d{2}-\d{2})\.[\w.-]+\.ndjson(?:\.gz)?$/
const converted = /^(\d{4}-\d{2}-\d{2})\.parquet$/

export function placeOf(given: string): Place {
  if (given === '-') return { kind: 'lines', lines: { file: undefined, day: undefined } }
  if (given.startsWith('clickhouse:')) return { kind: 'clickhouse', address: given }
  const isFolder = naming(given, () => statSync(given).isDirectory())
  if (isFolder) return { kind: 'folder', folder: folderAt(given) }
  if (given.endsWith('.parquet')) return { kind: 'parquet', file: given }
  return { kind: 'lines', lines: { file: given, day: dayIn(given, segment) } }
}

function naming<Value>(place: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw new ReportError(`Can't read ${place}: ${reasonOf(error)}.`)
  }
}

export function folderAt(folder: string): Folder {
  const segments = new Map<Day, string[]>()
  const parquet = new Map<Day, string>()
  for (const name of naming(folder, () => readdirSync(folder)).toSorted()) {
    const file = path.join(folder, name)
    const day = dayIn(name, segment)
    if (day !== undefined) segments.set(day, [...(segments.get(day) ?? []), file])
    const closed = dayIn(name, converted)
    if (closed !== undefined) parquet.set(closed, file)
  }
  return { path: folder, segments, parquet }
}

/** The folder and those of further products in it. */
export function foldersAt(folder: string): readonly Folder[] {
  const inside = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[a-z0-9][\w.-]*$/i.test(entry.name))
    .map((entry) => folderAt(path.join(folder, entry.name)))
    .filter(({ segments, parquet }) => segments.size + parquet.size > 0)
  return [folderAt(folder), ...inside]
}

function dayIn(file: string, pattern: RegExp): Day | undefined {
  const day = pattern.exec(path.basename(file))?.[1]
  return day !== undefined && isDay(day) ? day : undefined
}
