import { before, isBlank, lineEnd, newline } from './line.ts'
import { writeKey } from './literal.ts'
import { holds, shared, type Path } from './path.ts'
import type { Pair, Spot } from './scan.ts'
import { insert, type Splice } from './splice.ts'

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
