import { isUtf8 } from 'node:buffer'

import { parse, TomlError } from 'smol-toml'

import { readSmallFile } from '../files/read.ts'
import type { KeyPath } from '../product/product.ts'

/** Whose word a settings file is: the user's own, or that of a project somebody else may have written. */
export type Role = 'user' | 'named' | 'project' | 'home'

export interface SettingsFile {
  readonly role: Role
  readonly path: string
  readonly text: string
  readonly table: Readonly<Record<string, unknown>>
  /** Set when the file is there but cannot be understood; then it counts as a no. */
  readonly problem?: Problem
}

export interface Problem {
  readonly path: string
  readonly message: string
  readonly line?: number
  readonly column?: number
  /** The offending lines with a caret under the spot. */
  readonly excerpt?: string
}

const sizeLimit = 1024 * 1024

/** Undefined where there is no such file. */
export function readSettingsFile(role: Role, path: string): SettingsFile | undefined {
  const reading = readSmallFile(path, sizeLimit)
  if (reading.kind === 'absent') return undefined
  const broken = (problem: Omit<Problem, 'path'>): SettingsFile => ({
    role,
    path,
    text: '',
    table: {},
    problem: { path, ...problem },
  })
  if (reading.kind === 'unreadable') return broken({ message: reading.reason })
  if (!isUtf8(reading.bytes)) return broken({ message: 'it is not UTF-8 text' })
  const text = reading.bytes.toString('utf8')
  try {
    return { role, path, text, table: parseToml(text) }
  } catch (error) {
    return broken(problemOf(error))
  }
}

export function parseToml(text: string): Record<string, unknown> {
  // A document may hold 64-bit integers that are none of our business; they must not spoil it.
  return parse(text, { integersAsBigInt: 'asNeeded' })
}

/** The value at a path of tables; undefined where it or a table on the way is missing. */
export function valueAt(table: unknown, path: KeyPath): unknown {
  let value = table
  for (const key of path) {
    if (!isTable(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}

function problemOf(error: unknown): Omit<Problem, 'path'> {
  if (!(error instanceof TomlError)) return { message: 'it is not valid TOML' }
  const [first = ''] = error.message.split('\n')
  return {
    message: first.replace(/^Invalid TOML document: /, 'invalid TOML: '),
    line: error.line,
    column: error.column,
    excerpt: error.codeblock,
  }
}
