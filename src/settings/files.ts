import { isUtf8 } from 'node:buffer'
import path from 'node:path'

import { parse, TomlError } from 'smol-toml'

import { look, readSmallFile, type Reading } from '../files/read.ts'
import { openFileMemory, sightingOf } from '../files/snapshot.ts'
import type { KeyPath } from '../product/product.ts'
import { JsonTextError, offsetIn, parseJsonText, parseJsonValue } from './json-text.ts'
import { lineOf } from './toml/document.ts'
import { readPlain } from './toml/plain.ts'

/** Whose settings file it is; the verdict has a rule for each. */
export type Role = 'system' | 'user' | 'named' | 'project' | 'home'

export interface SettingsFile {
  readonly role: Role
  readonly path: string
  readonly text: string
  readonly table: Readonly<Record<string, unknown>>
  /** Set if the file exists but can't be understood. It then counts as an opt-out. */
  readonly problem?: Problem
  /** Why another user could have written it. It can then turn telemetry off and do nothing else. */
  readonly stranger?: 'owner' | 'folder' | undefined
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

interface Content {
  readonly text: string
  readonly table: Readonly<Record<string, unknown>>
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
    return broken(file, { message: reading.reason, ...(isOursAlone && { isOursAlone }) })
  }
  if (!isUtf8(reading.bytes)) return broken(file, { message: 'it is not UTF-8 text' })
  const text = reading.bytes.toString('utf8')
  if (text === '' && isJustEmptied(file)) {
    const message = 'it was emptied a moment ago'
    return broken(file, { message, isOursAlone: true, isPassing: true })
  }
  try {
    return { text, table: parseSettings(file, text) }
  } catch (error) {
    const unclear = broken(file, problemOf(error, text))
    if (!unclear.problem?.isOursAlone) return unclear
    const table: unknown = JSON.parse(withoutMark(text))
    return isTable(table) ? { ...unclear, table } : unclear
  }
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

export function broken(file: string, problem: Omit<Problem, 'path'>): Content {
  return { text: '', table: {}, problem: { path: file, ...problem } }
}

export function isJson(file: string): boolean {
  return path.extname(file) === '.json'
}

export function parseSettings(file: string, text: string): Record<string, unknown> {
  if (!isJson(file)) {
    // A document may contain 64-bit integers in keys of other programs. They must not be an error.
    return readPlain(text) ?? parse(text, { integersAsBigInt: 'asNeeded' })
  }
  const value = parseJsonValue(withoutMark(text))
  if (!isTable(value)) throw new JsonTextError('expected an object here', 0)
  return value
}

/** Windows editors begin UTF-8 text with this mark, which JSON does not allow. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

/** The line on which a key, or the table of that path, is written. */
export function lineIn(file: SettingsFile, keys: KeyPath): number | undefined {
  if (file.problem) return undefined
  const only = onlyOffset(file.text, keys.at(-1) ?? '')
  if (only !== undefined) return lineAt(file.text, only)
  if (!isJson(file.path)) return lineOf(file.text, keys)
  const text = withoutMark(file.text)
  try {
    const offset = offsetIn(parseJsonText(text), keys)
    return offset === undefined ? undefined : lineAt(text, offset)
  } catch {
    // JSON.parse takes what is nested more deeply than that.
    return undefined
  }
}

/**
 * Finds an existing key by searching the text, if its name occurs only once and nothing is escaped.
 * Parsing all of a large file for that would cost more than everything else.
 */
function onlyOffset(text: string, name: string): number | undefined {
  const first = text.indexOf(name)
  const isSure = first >= 0 && text.lastIndexOf(name) === first && !text.includes('\\')
  return isSure ? first : undefined
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** The value at a path of tables; undefined if it or a table on the way is missing. */
export function valueAt(table: unknown, keys: KeyPath): unknown {
  let value = table
  for (const key of keys) {
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

function problemOf(error: unknown, source: string): Omit<Problem, 'path'> {
  if (error instanceof JsonTextError) {
    const before = withoutMark(source).slice(0, error.offset).split('\n')
    const column = (before.at(-1) ?? '').length + 1
    const message = `invalid JSON: ${error.message}`
    const { repeatedIn } = error
    // Most parsers take the last one, or skip what they don't know.
    const isOursAlone = repeatedIn !== undefined
    return { message, line: before.length, column, ...(isOursAlone && { isOursAlone }) }
  }
  if (!(error instanceof TomlError)) return { message: 'it is not valid TOML' }
  const [first = ''] = error.message.split('\n')
  return {
    message: first.replace(/^Invalid TOML document: /, 'invalid TOML: '),
    line: error.line,
    column: error.column,
    excerpt: error.codeblock,
  }
}
