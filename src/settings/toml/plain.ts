/** Control characters, of which TOML allows only the tab. */
const CONTROL = String.raw`\x00-\x08\x0A-\x1F\x7F`

const HEADER = String.raw`\[([\w-]+(?:\.[\w-]+)*)\]`
const STRING = String.raw`"([^"\\${CONTROL}]*)"|'([^'${CONTROL}]*)'`
/** A number of no more digits than a double can hold. */
const NUMBER = String.raw`((?:0|-?[1-9]\d{0,14})(?:\.\d+)?)`
const PAIR = String.raw`([\w-]+)[ \t]*=[ \t]*(?:${STRING}|(true|false)|${NUMBER})`
const COMMENT = `#[^${CONTROL}]*`

/** Behind the indentation must stand something else, so that a long one is only tried once. */
const LINE = new RegExp(
  String.raw`[ \t]*(?![ \t])(?:${HEADER}|${PAIR})?[ \t]*(?:${COMMENT})?(?:\r?\n|$)`,
  'y',
)

type Table = Record<string, unknown>

const newTable = (): Table => Object.create(null)

/**
 * The tables of a document of nothing but `[headers]`, comments, and pairs with a bare key and a short
 * value on one line, as most settings files are. Of any other, valid or not, undefined: it is for the
 * parser, which takes three times as long for a large file in a process that has just started.
 */
export const readPlain = (text: string): Table | undefined => {
  const root = newTable()
  const headers = new Set<string>()
  let home = root
  LINE.lastIndex = 0
  while (LINE.lastIndex < text.length) {
    const line = LINE.exec(text)
    if (line === null) return undefined
    const [, header, key, basic, literal, boolean, number] = line
    if (header !== undefined) {
      const table = headers.has(header) ? undefined : openTable(root, header.split('.'))
      if (table === undefined) return undefined
      headers.add(header)
      home = table
    } else if (key !== undefined) {
      if (key in home) return undefined
      home[key] = basic ?? literal ?? (number === undefined ? boolean === 'true' : Number(number))
    }
  }
  return root
}

/** Undefined if one of the names is that of a value. */
const openTable = (root: Table, path: readonly string[]): Table | undefined => {
  let table = root
  for (const part of path) {
    const found = (table[part] ??= newTable())
    if (typeof found !== 'object') return undefined
    table = found as Table
  }
  return table
}
