import { isUtf8 } from 'node:buffer'
import path from 'node:path'

import { parse, TomlError } from 'smol-toml'

import { statLink, readSmallFile } from '../files/read.ts'
import type { KeyPath, Product } from '../product/product.ts'
import type { HostEnvironment } from './host-environment.ts'
import type { Paths } from './paths.ts'

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
export function readSettingsFile(role: Role, file: string): SettingsFile | undefined {
  const reading = readSmallFile(file, sizeLimit)
  if (reading.kind === 'absent') return undefined
  const broken = (problem: Omit<Problem, 'path'>): SettingsFile => ({
    role,
    path: file,
    text: '',
    table: {},
    problem: { path: file, ...problem },
  })
  if (reading.kind === 'unreadable') return broken({ message: reading.reason })
  if (!isUtf8(reading.bytes)) return broken({ message: 'it is not UTF-8 text' })
  const text = reading.bytes.toString('utf8')
  try {
    return { role, path: file, text, table: parseToml(text) }
  } catch (error) {
    return broken(problemOf(error))
  }
}

export function parseToml(text: string): Record<string, unknown> {
  // A document may hold 64-bit integers that are none of our business; they must not spoil it.
  return parse(text, { integersAsBigInt: 'asNeeded' })
}

/** The value at a path of tables; undefined where it or a table on the way is missing. */
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

/** Every settings file that has a say here, the user's own first. */
export function readSources(
  product: Product,
  paths: Paths,
  environment: HostEnvironment,
): readonly SettingsFile[] {
  const named = namedFile(product, environment)
  const project = projectPlaces(product, environment).find(exists)
  const candidates = [
    readSettingsFile('user', paths.settings),
    named === undefined ? undefined : readNamed(named),
    project === undefined ? undefined : readSettingsFile('project', project),
    paths.homeSettings === undefined ? undefined : readSettingsFile('home', paths.homeSettings),
  ]
  const seen = new Set<string>()
  return candidates.filter((file): file is SettingsFile => {
    if (file === undefined || seen.has(file.path)) return false
    seen.add(file.path)
    return true
  })
}

/** Every path where a settings file would be heard, whether there is one or not. */
export function settingsPlaces(
  product: Product,
  paths: Paths,
  environment: HostEnvironment,
): readonly string[] {
  return [
    paths.settings,
    namedFile(product, environment),
    ...projectPlaces(product, environment),
    paths.homeSettings,
  ].filter((file) => file !== undefined)
}

function namedFile(product: Product, { env, cwd }: HostEnvironment): string | undefined {
  const { config } = product.variables
  const named = config === undefined ? undefined : env[config]
  return named ? path.resolve(cwd ?? path.sep, named) : undefined
}

/** Somebody who names a file means it: when it is missing, what it would have said is unknown. */
function readNamed(file: string): SettingsFile {
  return (
    readSettingsFile('named', file) ?? {
      role: 'named',
      path: file,
      text: '',
      table: {},
      problem: { path: file, message: 'it does not exist' },
    }
  )
}

/** From the working folder up, the nearest first. */
function projectPlaces({ places }: Product, { cwd }: HostEnvironment): readonly string[] {
  if (places.projectSettings === undefined || cwd === undefined) return []
  const files: string[] = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    files.push(path.join(folder, places.projectSettings))
    if (folder === path.dirname(folder)) return files
  }
}

function exists(file: string): boolean {
  // Not existsSync: a link that leads nowhere is there, and must be reported as unreadable.
  return statLink(file) !== undefined
}
