import type { KeyPath } from '../product/product.ts'

/** Text that is not JSON, or an edit that would do damage. Its message quotes nothing of the text. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError'
  readonly offset: number
  /** The member at the top of the file in which a name occurs twice. */
  readonly repeatedIn: string | undefined

  constructor(message: string, offset: number, repeatedIn?: string) {
    super(message)
    this.offset = offset
    this.repeatedIn = repeatedIn
  }
}

/** A member of an object that is not inside a list. */
export interface Member {
  readonly path: KeyPath
  readonly start: number
  readonly value: number
  readonly end: number
}

export interface ObjectSpot {
  readonly path: KeyPath
  readonly start: number
  readonly end: number
  readonly members: readonly Member[]
}

export interface JsonDocument {
  readonly value: unknown
  readonly objects: readonly ObjectSpot[]
}

const blanks = /[ \t\r\n]*/y
const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// oxlint-disable no-control-regex -- JSON allows no control characters in a string
const stringText =
  /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y
// oxlint-enable no-control-regex
const deepest = 100

/**
 * Parses standard JSON and records where its members are. JSON.parse takes the last of several equal
 * keys. Here they are an error, because it is unclear which one was meant.
 */
export function parseJsonText(text: string): JsonDocument {
  const objects: ObjectSpot[] = []
  let at = 0
  let top: string | undefined
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const expect = (character: string): void => {
    match(blanks)
    if (text[at] !== character) throw new JsonTextError(`expected ${character} here`, at)
    at += 1
  }
  const list = (close: string, depth: number, item: () => void): void => {
    if (depth > deepest) throw new JsonTextError('it is nested too deeply', at)
    at += 1
    match(blanks)
    if (text[at] === close) {
      at += 1
      return
    }
    for (;;) {
      item()
      match(blanks)
      if (text[at] !== ',') return expect(close)
      at += 1
    }
  }
  const readKey = (): string => {
    match(blanks)
    const start = at
    const key = match(stringText)
    if (key === undefined) throw new JsonTextError('expected a name in double quotes here', start)
    return JSON.parse(key) as string
  }
  const readValue = (path: KeyPath | undefined, depth: number): unknown => {
    match(blanks)
    const start = at
    if (text[at] === '[') {
      const items: unknown[] = []
      list(']', depth, () => items.push(readValue(undefined, depth + 1)))
      return items
    }
    if (text[at] === '{') {
      const table = Object.create(null) as Record<string, unknown>
      const members: Member[] = []
      list('}', depth, () => {
        match(blanks)
        const from = at
        const key = readKey()
        if (Object.hasOwn(table, key)) {
          throw new JsonTextError('this name stands here twice', from, depth === 0 ? key : top)
        }
        if (depth === 0) top = key
        expect(':')
        match(blanks)
        const value = at
        const inner = path && [...path, key]
        table[key] = readValue(inner, depth + 1)
        if (inner) members.push({ path: inner, start: from, value, end: at })
      })
      if (path) objects.push({ path, start, end: at, members })
      return table
    }
    const found = match(text[at] === '"' ? stringText : literal)
    if (found === undefined || found === '') throw new JsonTextError('expected a value here', start)
    return JSON.parse(found)
  }
  const value = readValue([], 0)
  match(blanks)
  if (at < text.length) throw new JsonTextError('expected the end of the file here', at)
  return { value, objects }
}

/** The same without the positions. For most texts as fast as JSON.parse. */
export function parseJsonValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    // In valid JSON, quoted text before a colon is always a name.
    const names = text.match(/"(?:[^"\\]|\\.)*"(?=[ \t\r\n]*:)/g)?.length ?? 0
    if (names === countNames(value)) return value
  } catch {
    // The parser below says what is wrong, and where.
  }
  return parseJsonText(text).value
}

function countNames(value: unknown): number {
  let count = 0
  const left: unknown[] = [value]
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one !== 'object' || one === null) continue
    const items = Object.values(one)
    if (!Array.isArray(one)) count += items.length
    for (const item of items) left.push(item)
  }
  return count
}

/** The position of a member, or of the object with that path. */
export function offsetIn({ objects }: JsonDocument, path: KeyPath): number | undefined {
  return memberAt(objects, path)?.start
}

export function memberAt(objects: readonly ObjectSpot[], path: KeyPath): Member | undefined {
  for (const { members } of objects) {
    const found = members.find((one) => samePath(one.path, path))
    if (found) return found
  }
  return undefined
}

export function samePath(one: KeyPath, other: KeyPath): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index])
}
