import type { TomlTable } from 'smol-toml'
import { parseDocument, type Document } from './document.ts'
import { TomlEditError } from './error.ts'
import { insertion } from './insert.ts'
import { lineNumber } from './line.ts'
import { writeKey, writeValue } from './literal.ts'
import { spotAt } from './locate.ts'
import { equal, holds, type Path } from './path.ts'
import { removal } from './remove.ts'
import type { Pair, Spot } from './scan.ts'
import { apply, replace, type Splice } from './splice.ts'
import { reads, withoutValue, withValue } from './values.ts'

const refusal = ({ text }: Document, { start }: Spot, message: string): TomlEditError =>
  new TomlEditError(message, lineNumber(text, start))

/** The pair that holds the value of the key. */
const pairAt = (document: Document, key: Path): Pair | undefined => {
  const spot = spotAt(document.spots, key)
  if (spot === undefined) return undefined
  if (spot.kind === 'value' && equal(spot.path, key)) return spot
  throw refusal(document, spot, `${writeKey(key)} is a table, not a single value`)
}

const requireRoom = (document: Document, key: Path): void => {
  const obstacle = document.spots.find(
    ({ kind, path }) => (kind === 'value' || kind === 'array') && holds(path, key),
  )
  if (obstacle === undefined) return
  const reason = `${writeKey(obstacle.path)} is not a table`
  throw refusal(document, obstacle, `${reason}, so it cannot hold ${writeKey(key)}`)
}

/** The edited text, once its parser agrees that nothing but the one key has changed. */
const edited = (
  { bom, text }: Document,
  key: Path,
  splices: readonly Splice[],
  expected: TomlTable,
): string => {
  const result = bom + apply(text, splices)
  if (reads(result, expected)) return result
  throw new TomlEditError(`${writeKey(key)} cannot safely be changed here`)
}

/**
 * Sets one key and leaves every other character as it is; comments inside of the replaced value
 * go with it. Throws the parser's TomlError for text that is not TOML, and TomlEditError where
 * the key has no place.
 */
export const setKey = (source: string, keyPath: Path, value: string | boolean): string => {
  const document = parseDocument(source)
  const { text, spots, values } = document
  const pair = pairAt(document, keyPath)
  if (pair === undefined) requireRoom(document, keyPath)
  const literal = writeValue(value)
  const splices = pair
    ? [replace({ start: pair.value, end: pair.end }, literal)]
    : insertion(text, spots, keyPath, literal)
  return edited(document, keyPath, splices, withValue(values, keyPath, value))
}

/** Removes one key, if it is there; a comment behind it stays, and so does the table it was in. */
export const removeKey = (source: string, keyPath: Path): string => {
  const document = parseDocument(source)
  const { text, spots, values } = document
  const pair = pairAt(document, keyPath)
  if (pair === undefined) return source
  const expected = withoutValue(values, keyPath, pair.home.path.length)
  return edited(document, keyPath, removal(text, spots, pair), expected)
}
