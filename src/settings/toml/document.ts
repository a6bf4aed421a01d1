import { parse, type TomlTable } from 'smol-toml'

const BOM = '\uFEFF'

/** A valid document: the values its parser sees, and the spots of its text where they stand. */
export interface Document {
  values: TomlTable
  bom: string
  text: string
  spots: readonly Spot[]
}

export const parseValues = (source: string): TomlTable => parse(source, { integersAsBigInt: true })

export const parseDocument = (source: string): Document => {
  const values = parseValues(source)
  const bom = source.startsWith(BOM) ? BOM : ''
  const text = source.slice(bom.length)
  return { values, bom, text, spots: scan(text) }
}

/** A `[header]`, a `[[header]]`, or the root: a table with an empty path at offset 0. */
export interface Table {
  kind: 'table' | 'array'
  path: Path
  start: number
  end: number
}

/** A `key = value` pair, on a line of its own or in an inline table. */
export interface Pair {
  kind: 'value' | 'inline'
  path: Path
  /** The table it is written in. */
  home: Spot
  start: number
  /** Where its value begins, which reaches to the end of the pair. */
  value: number
  end: number
  /** The offset of the comma that follows it. */
  comma: number | undefined
}

/** A place in the document that has a key path. */
export type Spot = Table | Pair

const SPACES = /[ \t]*/y
const TRIVIA = /(?:[ \t\r\n]+|#[^\n]*)*/y
const KEY_PART = /"(?:\\.|[^\\])*?"|'[^']*'|[\w-]*/y
const SCALAR = new RegExp(
  [
    // A multi-line string may end in one or two quotes of its own, right before the closing three.
    String.raw`"""(?:\\[^]|[^\\])*?"{3,5}`,
    String.raw`'''[^]*?'{3,5}`,
    String.raw`"(?:\\.|[^\\])*?"`,
    String.raw`'[^']*'`,
    // The one space that any other value may have stands between a date and its time.
    String.raw`[^][^\s,\]}#]*(?: \d[^\s,\]}#]*)?`,
  ].join('|'),
  'y',
)

/** The offset behind the pattern's match. */
const skip = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Walks the items of an array or an inline table; `read` returns the offset behind an item. */
const skipItems = (
  text: string,
  open: number,
  close: string,
  read: (at: number) => number,
): number => {
  let at = skip(TRIVIA, text, open + 1)
  while (at < text.length && text[at] !== close) {
    at = skip(TRIVIA, text, text[at] === ',' ? at + 1 : read(at))
  }
  return at + 1
}

/** Collects the pairs of an inline table; those inside of an array have no path of their own. */
const skipValue = (text: string, at: number, home: Pair, spots: Spot[]): number => {
  if (text[at] === '[') return skipItems(text, at, ']', (item) => skipValue(text, item, home, []))
  if (text[at] === '{') return skipItems(text, at, '}', (item) => readPair(text, item, home, spots))
  return skip(SCALAR, text, at)
}

const unquoted = (part: string): string => {
  if (!/^["']/.test(part)) return part
  const isPlain = part.startsWith("'") || !part.includes('\\')
  return isPlain ? part.slice(1, -1) : (parse(`key = ${part}`)['key'] as string)
}

const readKey = (text: string, start: number): { path: Path; end: number } => {
  const path: string[] = []
  for (let at = start; ; at += 1) {
    const from = skip(SPACES, text, at)
    const to = skip(KEY_PART, text, from)
    path.push(unquoted(text.slice(from, to)))
    at = skip(SPACES, text, to)
    if (text[at] !== '.') return { path, end: at }
  }
}

/** Adds the pair, and those inside of it, to the spots; returns the offset behind it. */
const readPair = (text: string, start: number, home: Spot, spots: Spot[]): number => {
  const key = readKey(text, start)
  const value = skip(SPACES, text, key.end + 1)
  const kind = text[value] === '{' ? 'inline' : 'value'
  const path = [...home.path, ...key.path]
  const pair: Pair = { kind, path, home, start, value, end: value, comma: undefined }
  spots.push(pair)
  pair.end = skipValue(text, value, pair, spots)
  const next = skip(TRIVIA, text, pair.end)
  if (text[next] === ',') pair.comma = next
  return pair.end
}

const readHeader = (text: string, start: number): Table => {
  const brackets = text[start + 1] === '[' ? 2 : 1
  const { path, end } = readKey(text, start + brackets)
  return { kind: brackets === 2 ? 'array' : 'table', path, start, end: end + brackets }
}

/**
 * The spots of a valid document without a BOM, in order. What is inside of an array of tables is
 * left out: only the first `[[header]]` of each stands for it.
 */
export const scan = (text: string): Spot[] => {
  const root: Table = { kind: 'table', path: [], start: 0, end: 0 }
  const spots: Spot[] = [root]
  const arrays = newTree()
  let home = root
  let pairs = spots
  let at = skip(TRIVIA, text, 0)
  while (at < text.length) {
    if (text[at] === '[') {
      home = readHeader(text, at)
      const isInArray = coversPath(arrays, home.path)
      if (!isInArray) spots.push(home)
      if (home.kind === 'array') addPath(arrays, home.path)
      pairs = isInArray || home.kind === 'array' ? [] : spots
      at = home.end
    } else {
      at = readPair(text, at, home, pairs)
    }
    at = skip(TRIVIA, text, at)
  }
  return spots
}

/** A tree of paths: a look-up takes as long as the path is, however many there are. */
interface PathTree {
  readonly children: Map<string, PathTree>
  isMember: boolean
}

const newTree = (): PathTree => ({ children: new Map(), isMember: false })

const addPath = (tree: PathTree, path: Path): void => {
  let node = tree
  for (const part of path) {
    const child = node.children.get(part) ?? newTree()
    node.children.set(part, child)
    node = child
  }
  node.isMember = true
}

/** Does the tree have the path itself, or one that it lies beneath? */
const coversPath = (tree: PathTree, path: Path): boolean => {
  let node: PathTree | undefined = tree
  for (const part of path) {
    node = node.children.get(part)
    if (node === undefined || node.isMember) return node !== undefined
  }
  return false
}

/** The parts of a dotted key, from the root of the document. */
export type Path = readonly string[]

/** How many leading parts the two have in common. */
export const shared = (a: Path, b: Path): number => {
  const difference = a.findIndex((part, index) => part !== b[index])
  return difference < 0 ? a.length : difference
}

/** Whether `inner` is `outer` itself or lies beneath it. */
export const holds = (outer: Path, inner: Path): boolean => shared(outer, inner) === outer.length

export const equal = (a: Path, b: Path): boolean => a.length === b.length && holds(a, b)

export const lineStart = (text: string, at: number): number =>
  text.slice(0, at).lastIndexOf('\n') + 1

/** The offset of the line ending, or of the end of the text. */
export const lineEnd = (text: string, at: number): number => at + text.slice(at).search(/\r?\n|$/)

/** What stands on the line before the offset: the indentation, if that is where a key starts. */
export const before = (text: string, at: number): string => text.slice(lineStart(text, at), at)

/** The line ending at the offset, or '' at the end of the text. */
export const endingAt = (text: string, at: number): string =>
  /^\r?\n/.exec(text.slice(at))?.[0] ?? ''

/** The line ending for a new line at the offset: the one found there, else the text's last one. */
export const newline = (text: string, at: number): string =>
  endingAt(text, at) || (text.match(/\r?\n/g)?.at(-1) ?? '\n')

export const isBlank = (text: string): boolean => /^[ \t]*$/.test(text)

/** Where the path is written or, for a table without a header, where it first comes into being. */
export const spotAt = (spots: readonly Spot[], path: Path): Spot | undefined =>
  spots.find((spot) => equal(spot.path, path)) ?? spots.find((spot) => holds(path, spot.path))
