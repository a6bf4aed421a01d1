import path from 'node:path'

import { workOnce } from '../files/once.ts'
import { look, readSmallFile, type Reading, statLink, utf8In } from '../files/read.ts'
import { openFileMemory, sightingOf } from '../files/snapshot.ts'
import type { KeyPath } from '../product/product.ts'
import { JsonTextError, readJson } from './json-text.ts'
import type { SettingsDocument } from './table.ts'
import { lineAt, TomlFault } from './toml/fault.ts'
import { readToml } from './toml/read.ts'
import { TomlDocument } from './toml/tables.ts'
import type { Stranger } from './trust.ts'

/** Whose settings file it is; the verdict has a rule for each. */
export type Role = 'system' | 'user' | 'named' | 'project' | 'home'

export interface SettingsFile {
  readonly role: Role
  readonly path: string
  readonly text: string
  readonly table: SettingsDocument
  /** Set if the file exists but can't be understood. It then counts as an opt-out. */
  readonly problem?: Problem
  /** Why another user could have written it. It can then turn telemetry off and do nothing else. */
  readonly stranger?: Stranger | undefined
}

export interface Problem {
  readonly path: string
  readonly message: string
  readonly line?: number
  readonly column?: number
  /** The offending lines with a caret under the spot. */
  readonly excerpt?: string
  /** Another program may still be able to read the file, and find no opt-out in it. */
  readonly isOursAlone?: boolean
  /** It will be over in a moment, so it is no reason not to change the file. */
  readonly isPassing?: boolean
}

/** Larger than anything written by hand. Larger files are not read at all. */
export const sizeLimit = 64 * 1024

/** Smaller ones are parsed in no time. */
const large = 16 * 1024

interface Content {
  readonly text: string
  readonly table: SettingsDocument
  readonly problem?: Problem
}

const parsed = openFileMemory<Content>()

/** Undefined if there is no such file. A file is parsed only once until it changes. */
export function readSettingsFile(
  role: Role,
  file: string,
  { version } = sightingOf(file),
): SettingsFile | undefined {
  if (version === '') return undefined
  const known = parsed.recall(file, version)
  if (known) return { role, path: file, ...known }
  const reading = readSmallFile(file, sizeLimit)
  if (reading.kind === 'absent') return undefined
  const content = contentOf(file, reading)
  // An error may be over the next time.
  if (reading.kind === 'read') parsed.keep(file, version, content)
  return { role, path: file, ...content }
}

function contentOf(file: string, reading: Exclude<Reading, { kind: 'absent' }>): Content {
  if (reading.kind === 'unreadable') {
    const isOursAlone = (look(file)?.size ?? 0) > sizeLimit
    const message = (reading.hasNoFolder && inTheWayOf(file)) || reading.reason
    return broken(file, { message, ...(isOursAlone && { isOursAlone }) })
  }
  const text = utf8In(reading.bytes)
  if (text === undefined) return broken(file, { message: 'it is not UTF-8 text' })
  if (text === '' && isJustEmptied(file)) {
    const message = 'it was emptied a moment ago'
    return broken(file, { message, isOursAlone: true, isPassing: true })
  }
  const parse = () => (isJson(file) ? jsonContent(file, text) : { text, table: readToml(text) })
  try {
    return text.length > large ? workOnce(parse) : parse()
  } catch (error) {
    return broken(file, problemOf(error, text))
  }
}

/** What is in the place of one of the folders that the file lies in, if anything is. */
export function inTheWayOf(file: string): string | undefined {
  let folder = path.dirname(file)
  while (statLink(folder) === undefined && folder !== path.dirname(folder)) {
    folder = path.dirname(folder)
  }
  const target = look(folder)
  if (target?.isDirectory()) return undefined
  return `${folder} is ${target ? 'not a folder' : 'a symbolic link to a folder that does not exist'}`
}

function jsonContent(file: string, text: string): Content {
  const table = readJson(text)
  const { repeated } = table
  if (repeated === undefined) return { text, table }
  // Most parsers take the last one, or skip what they don't know.
  const problem = { path: file, ...problemOf(repeated, text), isOursAlone: true }
  return { text: '', table, problem }
}

const rewriteMs = 1000

/**
 * Many editors empty a file before they write it again. What it says is unknown meanwhile. A file that
 * was empty from the start, or replaced another one, was created when it was last written.
 */
function isJustEmptied(file: string): boolean {
  const stat = look(file)
  if (stat === undefined || stat.size > 0) return true
  return stat.birthtimeMs < stat.mtimeMs && Math.abs(Date.now() - stat.mtimeMs) < rewriteMs
}

export const noSettings: SettingsDocument = new TomlDocument('')

export function broken(file: string, problem: Omit<Problem, 'path'>): Content {
  return { text: '', table: noSettings, problem: { path: file, ...problem } }
}

export function isJson(file: string): boolean {
  return path.extname(file) === '.json'
}

/** The line on which a key, or the table of that path, is written. */
export function lineIn({ table, text, problem }: SettingsFile, keys: KeyPath): number | undefined {
  const start = problem ? undefined : table.startOf(keys)
  return start === undefined ? undefined : lineAt(text, start)
}

function problemOf(error: unknown, text: string): Omit<Problem, 'path'> {
  if (error instanceof JsonTextError) {
    const { message, offset } = error
    const start = text.lastIndexOf('\n', offset - 1) + 1
    const column = withoutMark(text.slice(start, offset)).length + 1
    return { message: `invalid JSON: ${message}`, line: lineAt(text, offset), column }
  }
  if (!(error instanceof TomlFault)) return { message: 'it is not valid TOML' }
  const { message, line, column, excerpt, isOursAlone } = error
  if (isOursAlone) return { message, line, column, excerpt, isOursAlone }
  return { message: `invalid TOML: ${message}`, line, column, excerpt }
}

/** Windows editors begin UTF-8 text with this mark. */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
