import type { TomlTable } from 'smol-toml'

import { areSame } from '../same-values.ts'
import { parseValues, type Path } from './document.ts'

/** Without a prototype, as the parser makes them, so that `__proto__` is a key like any other. */
const copyOf = (table: unknown): TomlTable => Object.assign(Object.create(null), table)

export const withValue = (
  table: unknown,
  [key = '', ...rest]: Path,
  value: string | boolean,
): TomlTable => {
  const copy = copyOf(table)
  copy[key] = rest.length === 0 ? value : withValue(copy[key], rest, value)
  return copy
}

/**
 * The first `kept` parts of the path name tables that are written on their own and stay even when
 * empty. The others are tables made by nothing but dotted keys, and vanish with the last of these.
 */
export const withoutValue = (
  table: unknown,
  [key = '', ...rest]: Path,
  kept: number,
): TomlTable => {
  const copy = copyOf(table)
  if (rest.length > 0) copy[key] = withoutValue(copy[key], rest, kept - 1)
  const isGone = rest.length === 0 || (kept <= 0 && Object.keys(copy[key] ?? {}).length === 0)
  if (isGone) delete copy[key]
  return copy
}

/** Whether the text is TOML for exactly these values. */
export const reads = (text: string, values: TomlTable): boolean => {
  try {
    return areSame(parseValues(text), values)
  } catch {
    // Also when the tables nest too deeply to compare.
    return false
  }
}

const BARE_KEY = /^[A-Za-z0-9_-]+$/

const escaped = (control: string): string =>
  `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A basic string. TOML has all of JSON's escapes, which leave out only DEL and the C1 controls. */
const quoted = (text: string): string => {
  if (/\p{Surrogate}/u.test(text)) {
    throw new TomlEditError('half of a surrogate pair cannot be written as TOML')
  }
  return JSON.stringify(text).replace(/\p{Control}/gu, escaped)
}

export const writeKey = (path: Path): string =>
  path.map((part) => (BARE_KEY.test(part) ? part : quoted(part))).join('.')

export const writeValue = (value: string | boolean): string =>
  typeof value === 'string' ? quoted(value) : String(value)

/** An edit that cannot be made without damage; the document stays as it was. */
export class TomlEditError extends Error {
  override readonly name = 'TomlEditError'
  readonly line: number | undefined

  constructor(message: string, line?: number) {
    super(message)
    this.line = line
  }
}
