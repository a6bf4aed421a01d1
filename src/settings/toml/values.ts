import { isDeepStrictEqual } from 'node:util'
import type { TomlTable } from 'smol-toml'
import { parseValues } from './document.ts'
import type { Path } from './path.ts'

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
    return isDeepStrictEqual(parseValues(text), values)
  } catch {
    // Also when the tables nest too deeply to compare.
    return false
  }
}
