import { TomlEditError } from './error.ts'
import type { Path } from './path.ts'

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
