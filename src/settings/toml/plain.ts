/** Control characters, of which TOML allows only the tab. */
const CONTROL = String.raw`\x00-\x08\x0A-\x1F\x7F`

const HEADER = String.raw`\[([\w-]+(?:\.[\w-]+)*)\]`
const BASIC = `[^"\\\\${CONTROL}]*`
const LITERAL = `[^'${CONTROL}]*`
const BOOLEAN = 'true|false'
/** A number of no more digits than a double can hold. */
const NUMBER = String.raw`(?:0|-?[1-9]\d{0,14})(?:\.\d+)?`
const SCALAR = `"(${BASIC})"|'(${LITERAL})'|(${BOOLEAN})|(${NUMBER})`
const ITEM = String.raw`[ \t]*(?:"${BASIC}"|'${LITERAL}'|${BOOLEAN}|${NUMBER})[ \t]*`
const LIST = String.raw`\[(?:${ITEM}(?:,${ITEM})*)?\]`
const PAIR = String.raw`([\w-]+)[ \t]*=[ \t]*(?:${SCALAR}|(${LIST}))`
const COMMENT = `#[^${CONTROL}]*`

/** Behind the indentation must stand something else, so that a long one is only tried once. */
const LINE = new RegExp(
  String.raw`[ \t]*(?![ \t])(?:${HEADER}|${PAIR})?[ \t]*(?:${COMMENT})?(?:\r?\n|$)`,
  'y',
)
const ITEMS = new RegExp(SCALAR, 'g')

type Table = Record<string, unknown>

const newTable = (): Table => Object.create(null)

const scalar = (basic?: string, literal?: string, boolean?: string, number?: string) =>
  basic ?? literal ?? (number === undefined ? boolean === 'true' : Number(number))

const itemsOf = (list: string) =>
  Array.from(list.matchAll(ITEMS), ([, basic, literal, boolean, number]) =>
    scalar(basic, literal, boolean, number),
  )

/**
 * The tables of a document of nothing but `[headers]`, comments, and pairs with a bare key and a simple
 * value or list on one line, as most settings files are. Of any other, valid or not, undefined: it is for
 * the parser, which takes three times as long for a large file in a process that has just started.
 */
export const readPlain = (text: string): Table | undefined => {
  const root = newTable()
  const headers = new Set<string>()
  let home = root
  LINE.lastIndex = 0
  while (LINE.lastIndex < text.length) {
    const line = LINE.exec(text)
    if (line === null) return undefined
    const [, header, key, basic, literal, boolean, number, list] = line
    if (header !== undefined) {
      const table = headers.has(header) ? undefined : openTable(root, header.split('.'))
      if (table === undefined) return undefined
      headers.add(header)
      home = table
    } else if (key !== undefined) {
      if (key in home) return undefined
      home[key] = list === undefined ? scalar(basic, literal, boolean, number) : itemsOf(list)
    }
  }
  return root
}

/** Undefined if one of the names is that of a value or a list. */
const openTable = (root: Table, path: readonly string[]): Table | undefined => {
  let table = root
  for (const part of path) {
    const found = (table[part] ??= newTable())
    if (typeof found !== 'object' || Array.isArray(found)) return undefined
    table = found as Table
  }
  return table
}
