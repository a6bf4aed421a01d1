import type { TomlTable } from 'smol-toml'

import {
  before,
  type Document,
  endingAt,
  equal,
  holds,
  isBlank,
  lineEnd,
  lineStart,
  newline,
  type Pair,
  parseDocument,
  type Path,
  shared,
  type Spot,
  spotAt,
} from './document.ts'
import { lineAt } from './fault.ts'
import { reads, TomlEditError, withoutValue, withValue, writeKey, writeValue } from './values.ts'

const refusal = ({ text }: Document, { start }: Spot, message: string): TomlEditError =>
  new TomlEditError(message, lineAt(text, start))

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

/** A table that can take the new key, and the spot in it that the key goes behind. */
interface Anchor {
  home: Spot
  spot: Spot
  /** How much of the new key's path exists there. */
  reach: number
}

const anchorAt = (spot: Spot, path: Path): Anchor => {
  const home = 'home' in spot && !holds(spot.path, path) ? spot.home : spot
  return { home, spot, reach: holds(home.path, path) ? shared(spot.path, path) : -1 }
}

/**
 * TOML lets a table be extended only in the form that made it, so the spot that shares most of the
 * path decides; of equals the last one, which makes the new key the last of its kind.
 */
const anchorFor = (spots: readonly Spot[], path: Path): Anchor =>
  spots
    .map((spot) => anchorAt(spot, path))
    .reduce((best, next) => (next.reach < best.reach ? best : next))

const behindLine = (text: string, spot: Spot, pair: string): Splice[] => {
  const at = lineEnd(text, spot.end)
  const isRoot = spot.path.length === 0
  return isRoot
    ? [insert(0, pair + newline(text, at))]
    : [insert(at, newline(text, at) + before(text, spot.start) + pair)]
}

const intoEmpty = (text: string, table: Pair, pair: string): Splice[] => {
  const at = table.value + 1
  return [insert(at, /^\s/.test(text.slice(at)) ? ` ${pair}` : ` ${pair} `)]
}

const behindItem = (text: string, item: Pair, pair: string): Splice[] => {
  const end = item.comma === undefined ? item.end : item.comma + 1
  const eol = lineEnd(text, end)
  const indent = before(text, item.start)
  const hasOwnLine = isBlank(indent) && /^[ \t]*(#|$)/.test(text.slice(end, eol))
  const at = hasOwnLine ? eol : end
  const added = (hasOwnLine ? newline(text, eol) + indent : ' ') + pair
  return item.comma === undefined
    ? [insert(item.end, ','), insert(at, added)]
    : [insert(at, `${added},`)]
}

/** A new section at the end, one blank line apart, with or without a final newline as before. */
const asSection = (text: string, path: Path, literal: string): Splice[] => {
  const eol = newline(text, text.length)
  const open = text === '' || text.endsWith('\n') ? '' : eol
  const lastLine = (text + open).split(/\r?\n/).at(-2) ?? ''
  const gap = isBlank(lastLine) ? '' : eol
  const header = `[${writeKey(path.slice(0, -1))}]`
  const pair = `${writeKey(path.slice(-1))} = ${literal}`
  return [insert(text.length, open + gap + header + eol + pair + (open ? '' : eol))]
}

/** Adds a key that is not there; nothing may stand in its way. */
export const insertion = (
  text: string,
  spots: readonly Spot[],
  path: Path,
  literal: string,
): Splice[] => {
  const { home, spot, reach } = anchorFor(spots, path)
  const isNewTable = reach === home.path.length && path.length > reach + 1
  if (home.kind === 'table' && isNewTable) return asSection(text, path, literal)

  const pair = `${writeKey(path.slice(home.path.length))} = ${literal}`
  if (home.kind !== 'inline' || !('comma' in spot)) return behindLine(text, spot, pair)
  return spot === home ? intoEmpty(text, spot, pair) : behindItem(text, spot, pair)
}

/** The commas that could go with the pair: its own, and the one before it. */
const commasOf = (pair: Pair, spots: readonly Spot[]): number[] => {
  const items = spots.filter((spot): spot is Pair => 'home' in spot && spot.home === pair.home)
  const previous = items[items.indexOf(pair) - 1]
  return [pair.comma, previous?.comma].filter((comma) => comma !== undefined)
}

/** The pair and the comma; as one range, unless a comment or a line ending parts them. */
const withComma = (text: string, pair: Pair, comma: number): Range[] => {
  const mark = { start: comma, end: comma + 1 }
  const [first, second] = comma < pair.start ? [mark, pair] : [pair, mark]
  return isBlank(text.slice(first.end, second.start))
    ? [{ start: first.start, end: second.end }]
    : [first, second]
}

const rangesOf = (text: string, spots: readonly Spot[], pair: Pair): Range[] => {
  const choices = commasOf(pair, spots).map((comma) => withComma(text, pair, comma))
  return choices.find(({ length }) => length === 1) ?? choices[0] ?? [pair]
}

const wholeLines = (text: string, start: number, eol: number): Range => {
  const from = lineStart(text, start)
  const ending = endingAt(text, eol)
  // Without a final newline, the line above is now the last one and loses its own.
  const kept = ending === '' ? text.slice(0, from).replace(/\r?\n$/, '').length : from
  return { start: kept, end: eol + ending.length }
}

/** The whole line if nothing else is on it, else without the spaces that now are too many. */
const tidied = (text: string, { start, end }: Range): Range => {
  const eol = lineEnd(text, end)
  const left = before(text, start)
  if (isBlank(left + text.slice(end, eol))) return wholeLines(text, start, eol)
  const isBehindValue = /[^\s{,]$/.test(left)
  return { start, end: isBehindValue ? end : end + text.slice(end).search(/[^ \t]|$/) }
}

/** Takes the pair out, with its line unless a comment or another pair is on it. */
export const removal = (text: string, spots: readonly Spot[], pair: Pair): Splice[] =>
  rangesOf(text, spots, pair).map((range) => replace(tidied(text, range), ''))

/** The characters of a text from `start` up to `end`. */
export interface Range {
  start: number
  end: number
}

/** A range and what comes in its place. */
export interface Splice extends Range {
  text: string
}

export const replace = ({ start, end }: Range, text: string): Splice => ({ start, end, text })

export const insert = (at: number, text: string): Splice => replace({ start: at, end: at }, text)

/** Applies splices that are in order and do not overlap. */
export const apply = (text: string, splices: readonly Splice[]): string => {
  const parts = splices.map((splice, index) => {
    const from = splices[index - 1]?.end ?? 0
    return text.slice(from, splice.start) + splice.text
  })
  return parts.join('') + text.slice(splices.at(-1)?.end ?? 0)
}
