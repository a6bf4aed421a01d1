import { parse, TomlDate, type TomlValue } from 'smol-toml'

import type { Path } from '../../../src/settings/toml/document.ts'
import { lineAt } from '../../../src/settings/toml/fault.ts'
import { readToml } from '../../../src/settings/toml/read.ts'

type TomlScalar = Exclude<TomlValue, object> | TomlDate

/** What a document says: its values, and the tables it has, each by its path. */
export interface Facts {
  values: Map<string, string>
  tables: Set<string>
}

export type FactPath = readonly (string | number)[]

export const nameOf = (path: FactPath): string => JSON.stringify(path)

const written = (value: TomlScalar): string => {
  if (value instanceof TomlDate) return `date ${value.toISOString()}`
  return Object.is(value, -0) ? 'number -0' : `${typeof value} ${value}`
}

const gather = (value: TomlValue, path: FactPath, facts: Facts): void => {
  const name = nameOf(path)
  if (Array.isArray(value)) {
    facts.values.set(name, `array of ${value.length}`)
    value.forEach((item, index) => gather(item, [...path, index], facts))
  } else if (typeof value === 'object' && !(value instanceof TomlDate)) {
    facts.tables.add(name)
    for (const [key, inner] of Object.entries(value)) {
      gather(inner, [...path, key], facts)
    }
  } else {
    facts.values.set(name, written(value))
  }
}

export const factsOf = (text: string): Facts => {
  const facts: Facts = { values: new Map(), tables: new Set() }
  gather(parse(text, { integersAsBigInt: true }), [], facts)
  return facts
}

const isAt = (name: string, path: FactPath): boolean =>
  name === nameOf(path) || name.startsWith(`${nameOf(path).slice(0, -1)},`)

/** All but what is at the path. */
export const factsBeside = (path: FactPath, { values, tables }: Facts): Facts => ({
  values: new Map([...values].filter(([name]) => !isAt(name, path))),
  tables: new Set([...tables].filter((name) => !isAt(name, path))),
})

/** The tables that the path leads through, from the one at the given depth on. */
export const tablesOn = (path: FactPath, depth = 0): string[] =>
  path.map((_, length) => nameOf(path.slice(0, length))).slice(depth)

/** The tables of the one document that the other lacks. */
export const tablesOnlyIn = (one: Facts, other: Facts): string[] =>
  [...one.tables].filter((name) => !other.tables.has(name))

/** The line that a message about the key, or about the table of that path, would name. */
export const locate = (text: string, path: Path): number | undefined => {
  const start = readToml(text).startOf(path)
  return start === undefined ? undefined : lineAt(text, start)
}
