import { workOnce } from '../files/once.ts'
import type { KeyPath } from '../product/product.ts'
import { lineIn, type Problem, type SettingsFile } from './files.ts'
import { Table } from './table.ts'

/**
 * What may have been meant as an opt-out: one of our tables that is not a table, a name that differs
 * from one of ours by its case or one letter, and an opt-out's key in the wrong one of our tables. It
 * counts as an opt-out and is reported.
 */
export function unclearIn(file: SettingsFile, tables: Tables): readonly Problem[] {
  return [...tables].flatMap(([name, { path, keys, elsewhere }]) => {
    const found = file.table.valueAt(path)
    if (found === undefined) return []
    const at = (keyPath: KeyPath, message: string): Problem => {
      const line = lineIn(file, keyPath)
      return { path: file.path, message, ...(line === undefined ? {} : { line }) }
    }
    if (!(found instanceof Table))
      return at(path, `${name} must be a table, not ${describe(found)}`)
    // One is enough for an opt-out, and a file can contain thousands.
    const given = found.names().filter((one) => !keys.has(one))
    if (given.length === 0) return []
    const search = () => doubtfulIn(given, [...namesOf(keys), ...elsewhere])
    const doubtful = given.length > many ? workOnce(search) : search()
    if (doubtful === undefined) return []
    const wrong = [...path, doubtful.given]
    const shown = wrong.map((part) => (part.includes('.') ? JSON.stringify(part) : part)).join('.')
    return at(wrong, `${shown} is not a setting; did you mean ${doubtful.meant}?`)
  })
}

/** Fewer are compared in no time. */
const many = 2000

interface Doubtful {
  readonly given: string
  readonly meant: string
}

/** A name that may have been meant, and what to write for it. */
type Meaning = readonly [name: string, meant: string]

function namesOf(keys: ReadonlySet<string>): readonly Meaning[] {
  return [...keys].map((name) => [name, name])
}

/** The first name that equals one of these, or differs from it by its case or one letter. */
function doubtfulIn(names: readonly string[], meanings: readonly Meaning[]): Doubtful | undefined {
  const byLength = new Map<number, Meaning[]>()
  for (const meaning of meanings) {
    const [{ length: of }] = meaning
    for (const length of [of - 1, of, of + 1]) {
      byLength.set(length, [...(byLength.get(length) ?? []), meaning])
    }
  }
  for (const given of names) {
    const candidates = byLength.get(given.length)
    if (candidates === undefined) continue
    const lower = given.toLowerCase()
    for (const [name, meant] of candidates) {
      if (isClose(lower, name.toLowerCase())) return { given, meant }
    }
  }
  return undefined
}

interface Known {
  readonly path: KeyPath
  readonly keys: Set<string>
  /** Other names of opt-outs and their tables that may have been written here, with their whole paths. */
  readonly elsewhere: readonly Meaning[]
}

/** By the names of their paths. */
export type Tables = ReadonlyMap<string, Known>

/** The tables that contain our keys, their parent tables, and the names that we know in each. */
export function tablesOf(known: readonly KeyPath[], optOuts: readonly KeyPath[]): Tables {
  const tables = new Map<string, Known>()
  for (const path of known) {
    for (let depth = 0; depth < path.length; depth += 1) {
      const table = path.slice(0, depth)
      const name = table.join('.')
      let found = tables.get(name)
      if (found === undefined) {
        const elsewhere = [...misplacedFrom(name, optOuts), ...quotedIn(table, optOuts)]
        found = { path: table, keys: new Set(), elsewhere }
        tables.set(name, found)
      }
      found.keys.add(path[depth] ?? '')
    }
  }
  return tables
}

/** Where one opt-out's key belongs, another's may have been written. */
function misplacedFrom(table: string, optOuts: readonly KeyPath[]): readonly Meaning[] {
  const isHere = (path: KeyPath) => path.slice(0, -1).join('.') === table
  if (!optOuts.some(isHere)) return []
  const others = optOuts.filter((path) => !isHere(path))
  return others.map((path) => [path.at(-1) ?? '', path.join('.')])
}

/** In JSON, and in quotes in TOML, a path with its dots is a single name. */
function quotedIn(table: KeyPath, optOuts: readonly KeyPath[]): readonly Meaning[] {
  const within = optOuts.filter((path) => table.every((name, at) => path[at] === name))
  return within.flatMap((path) => {
    const ends = path.map((_, at) => at + 1).filter((end) => end >= table.length + 2)
    return ends.map((end): Meaning => [
      path.slice(table.length, end).join('.'),
      path.slice(0, end).join('.'),
    ])
  })
}

/** Equal except for case, or for one letter added, missing, replaced or swapped with the next. */
export function isNear(given: string, known: string): boolean {
  return isClose(given.toLowerCase(), known.toLowerCase())
}

function isClose(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < other.length && one[start] === other[start]) start += 1
  // Nothing but the next two letters may differ.
  if (!one.endsWith(other.slice(start + 2))) return false
  const rest = (text: string, skipped: number) => text.slice(start + skipped)
  const swapped = `${other[start + 1]}${other[start]}${rest(other, 2)}`
  return (
    one === other ||
    rest(one, 1) === rest(other, 1) ||
    rest(one, 0) === rest(other, 1) ||
    rest(one, 1) === rest(other, 0) ||
    rest(one, 0) === swapped
  )
}

export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value).slice(0, 40)
  }
  return Array.isArray(value) ? 'a list' : value instanceof Date ? 'a date' : 'a table'
}
