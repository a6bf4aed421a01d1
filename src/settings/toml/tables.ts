import { parse } from 'smol-toml'

import { endOf } from '../cursor.ts'
import { entryAt, type SettingsDocument, Table } from '../table.ts'
import type { Path } from './document.ts'
import { grammar } from './grammar.ts'

/** How a table came into being, which decides what may be added to it later. */
type Origin =
  /** By its own `[header]`. */
  | 'header'
  /** On the way to the table of a header. Its own may still come. */
  | 'way'
  /** On the way to a list of tables. The parser lets dotted keys add to it. */
  | 'list way'
  | 'list way with header'
  /** By a dotted key. */
  | 'dots'
  /** As an inline table, which is closed. */
  | 'inline'

/** What stands in a table: another one, a list of them, or a value, of which we know where it is written. */
export type Entry = TomlTable | TableList | number

export class TomlTable extends Table<Entry> {
  origin: Origin
  /** Where it is written or, without a header of its own, where it first comes into being. */
  start: number

  constructor(origin: Origin, start: number) {
    super()
    this.origin = origin
    this.start = start
  }
}

/** The tables of `[[headers]]` with the same name. */
export class TableList {
  readonly start: number
  last: TomlTable

  constructor(start: number, last: TomlTable) {
    this.start = start
    this.last = last
  }
}

/** The table of everything, and what it was read from. */
export class TomlDocument extends TomlTable implements SettingsDocument {
  readonly text: string
  /** The values that were asked for, by where they are written. */
  private readonly made = new Map<number, unknown>()

  constructor(text: string) {
    super('header', 0)
    this.text = text
  }

  valueAt(path: Path): unknown {
    const found = entryAt<Entry>(this, path)
    if (typeof found !== 'number') return found instanceof TableList ? [] : found
    if (!this.made.has(found)) this.made.set(found, valueIn(this.text, found))
    return this.made.get(found)
  }

  startOf(path: Path): number | undefined {
    const found = entryAt<Entry>(this, path)
    return typeof found === 'object' ? found.start : found
  }
}

function valueIn(text: string, start: number): unknown {
  const { blanks, plainString, scalar, simple } = grammar()
  const from = endOf(blanks, text, start) ?? start
  if (text[from] === '[') return []
  if (text[from] === '{') return new TomlTable('inline', start)
  // The only values that begin with these letters are true and false.
  if (text[from] === 't' || text[from] === 'f') return text[from] === 't'
  const written = text.slice(from, endOf(simple, text, from) ?? endOf(scalar, text, from))
  return plainString.test(written) ? written.slice(1, -1) : parsed(written)
}

/** The table of a `[header]`. Undefined if the name is taken, or has that header already. */
export function tableOf(root: TomlTable, path: Path, start: number): TomlTable | undefined {
  const home = wayTo(root, path, 'way', start)
  const name = path[path.length - 1] ?? ''
  if (home === undefined) return undefined
  const found = home.get(name)
  if (found === undefined) return added(home, name, 'header', start)
  if (!(found instanceof TomlTable)) return undefined
  if (found.origin === 'way') found.origin = 'header'
  else if (found.origin === 'list way') found.origin = 'list way with header'
  else return undefined
  found.start = start
  return found
}

/** The next table of a `[[header]]`. Undefined if something else has the name. */
export function nextTableOf(root: TomlTable, path: Path, start: number): TomlTable | undefined {
  const home = wayTo(root, path, 'list way', start)
  const name = path[path.length - 1] ?? ''
  const found = home?.get(name)
  const table = new TomlTable('header', start)
  if (found instanceof TableList) found.last = table
  else if (found === undefined) home?.set(name, new TableList(start, table))
  else return undefined
  return home && table
}

/** The table in which a dotted key of a table stands. Undefined if the key is taken. */
export function homeOf(table: TomlTable, path: Path, start: number): TomlTable | undefined {
  let home = table
  for (let depth = 0; depth < path.length - 1; depth += 1) {
    const name = path[depth] ?? ''
    const found = home.get(name)
    if (found === undefined) home = added(home, name, 'dots', start)
    else if (found instanceof TomlTable && dotsMayAdd(found)) home = found
    else return undefined
  }
  return home.get(path[path.length - 1] ?? '') === undefined ? home : undefined
}

function dotsMayAdd({ origin }: TomlTable): boolean {
  return origin === 'dots' || origin === 'list way' || origin === 'list way with header'
}

function wayTo(root: TomlTable, path: Path, origin: Origin, start: number): TomlTable | undefined {
  let table = root
  for (let depth = 0; depth < path.length - 1; depth += 1) {
    const name = path[depth] ?? ''
    const found = table.get(name)
    if (found === undefined) table = added(table, name, origin, start)
    else if (found instanceof TableList) table = found.last
    else if (found instanceof TomlTable && found.origin !== 'inline') table = found
    else return undefined
  }
  return table
}

function added(home: TomlTable, name: string, origin: Origin, start: number): TomlTable {
  const table = new TomlTable(origin, start)
  home.set(name, table)
  return table
}

/** More digits than any number has, in which the parser would take long to find the value. */
const manyDigits = 400

/** A value that is not simple. A document may contain 64-bit integers: they must not be an error. */
function parsed(written: string): unknown {
  if (written.length > manyDigits && /^[+-]?\d/.test(written)) return Number.NaN
  return parse(`value = ${written}`, { integersAsBigInt: 'asNeeded' })['value']
}
