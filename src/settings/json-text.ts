import type { KeyPath } from '../product/product.ts'
import { Cursor, endOf, lazily, sticky } from './cursor.ts'
import { entryAt, type SettingsDocument, Table } from './table.ts'

/** Text that is not JSON, or an edit that would do damage. Its message quotes nothing of the text. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** An object or a list with a name. A list is a table without names. */
class Nested extends Table<Entry> {
  /** Where its name begins. */
  readonly start: number
  readonly value: number
  end: number

  constructor(start: number, value: number) {
    super()
    this.start = start
    this.value = value
    this.end = value
  }
}

/** Of all other values we know where their name begins. */
type Entry = Nested | number

/** Where a member of an object is written. */
export interface Member {
  readonly start: number
  readonly value: number
  readonly end: number
}

/** The object of a whole text. */
export class JsonDocument extends Nested implements SettingsDocument {
  readonly text: string
  /** The first name that occurs twice in one object. The last of both counts. */
  repeated: JsonTextError | undefined

  constructor(text: string, start: number) {
    super(start, start)
    this.text = text
    this.repeated = undefined
  }

  valueAt(path: KeyPath): unknown {
    const found = entryAt<Entry>(this, path)
    if (found instanceof Nested) return this.text[found.value] === '[' ? [] : found
    const member = this.memberAt(path)
    return member && JSON.parse(this.text.slice(member.value, member.end))
  }

  startOf(path: KeyPath): number | undefined {
    const found = entryAt<Entry>(this, path)
    return found instanceof Nested ? found.start : found
  }

  /** The object with that path. */
  objectAt(path: KeyPath): Nested | undefined {
    const found = entryAt<Entry>(this, path)
    return found instanceof Nested && this.text[found.value] === '{' ? found : undefined
  }

  memberAt(path: KeyPath): Member | undefined {
    const found = entryAt<Entry>(this, path)
    if (typeof found !== 'number') return found
    const value = endOf(grammar().nameAndColon, this.text, found) ?? found
    return { start: found, value, end: endOf(grammar().scalar, this.text, value) ?? value }
  }
}

const BLANKS = String.raw`[ \t\r\n]*`
const CHARACTERS = String.raw`[^"\\\x00-\x1f]*`
const STRING = String.raw`"${CHARACTERS}(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})${CHARACTERS})*"`
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`
const SCALAR = `(?:${STRING}|true|false|null|${NUMBER})`
const NAME = `${STRING}${BLANKS}:${BLANKS}`
const PAIR = `${NAME}${SCALAR}${BLANKS}`
/** An item in which no name can occur twice. */
const ITEM = String.raw`(?:${SCALAR}|\{${BLANKS}(?:${PAIR})?\}|\[${BLANKS}\])${BLANKS}`

const grammar = lazily(() => ({
  blanks: sticky(BLANKS),
  string: sticky(STRING),
  scalar: sticky(SCALAR),
  nameAndColon: sticky(NAME),
  /** With the comma, if another name follows. */
  simplePair: sticky(String.raw`${PAIR}(?:,${BLANKS}(?=")|(?=\}))`),
  /** As far as each has a comma. */
  simpleItems: sticky(`(?:${ITEM},${BLANKS})*`),
}))

/** As deep as the program goes that we know. */
const deepest = 127

/**
 * The names of a JSON text that is one object, and where they are written. It takes what JSON.parse
 * takes, which keeps the last of several equal names: here the first of those is reported.
 */
export function readJson(text: string): JsonDocument {
  return new Reader(text).read()
}

class Reader extends Cursor {
  private repeated: JsonTextError | undefined = undefined
  private readonly grammar = grammar()

  read(): JsonDocument {
    const { text } = this
    this.take(this.grammar.blanks)
    const document = new JsonDocument(text, this.at)
    this.readValue(document, 1)
    document.end = this.at
    this.take(this.grammar.blanks)
    if (this.at < text.length) throw this.missing('the end of the file')
    if (text[document.start] !== '{')
      throw new JsonTextError('expected an object here', document.start)
    document.repeated = this.repeated
    return document
  }

  /** Members, if it has any, go into the table. */
  private readValue(table: Table<Entry> | undefined, depth: number): void {
    const open = this.text[this.at]
    if (open === '{' || open === '[') {
      if (depth > deepest) throw new JsonTextError('it is nested too deeply', this.at)
      this.at += 1
      this.take(this.grammar.blanks)
      if (open === '{') this.readMembers(table ?? new Table<Entry>(), depth)
      else this.readItems(depth)
    } else if (!this.take(this.grammar.scalar)) throw this.missing('a value')
  }

  private readMembers(object: Table<Entry>, depth: number): void {
    while (!this.skip('}')) {
      const start = this.at
      const isSimple = this.take(this.grammar.simplePair)
      if (isSimple) this.add(object, start, start)
      else this.readMember(object, depth)
    }
  }

  private readMember(object: Table<Entry>, depth: number): void {
    const start = this.at
    if (!this.take(this.grammar.string)) throw this.missing('a name in double quotes')
    this.take(this.grammar.blanks)
    if (!this.skip(':')) throw this.missing(':')
    this.take(this.grammar.blanks)
    const open = this.text[this.at]
    if (open === '{' || open === '[') {
      const nested = new Nested(start, this.at)
      this.add(object, start, nested)
      this.readValue(nested, depth + 1)
      nested.end = this.at
    } else {
      this.add(object, start, start)
      if (!this.take(this.grammar.scalar)) throw this.missing('a value')
    }
    this.take(this.grammar.blanks)
    if (this.skip(',')) {
      this.take(this.grammar.blanks)
      if (this.text[this.at] !== '"') throw this.missing('a name in double quotes')
    } else if (this.text[this.at] !== '}') throw this.missing('}')
  }

  private readItems(depth: number): void {
    if (this.skip(']')) return
    do {
      this.take(this.grammar.blanks)
      if (depth < deepest) this.take(this.grammar.simpleItems)
      this.readValue(undefined, depth + 1)
      this.take(this.grammar.blanks)
    } while (this.skip(','))
    if (!this.skip(']')) throw this.missing(']')
  }

  private add(object: Table<Entry>, start: number, entry: Entry): void {
    const name = nameAt(this.text, start)
    if (object.get(name) !== undefined) {
      this.repeated ??= new JsonTextError('this name appears twice', start)
    }
    object.set(name, entry)
  }

  private missing(what: string): JsonTextError {
    return new JsonTextError(`expected ${what} here`, this.at)
  }
}

function nameAt(text: string, start: number): string {
  const name = text.slice(start + 1, text.indexOf('"', start + 1))
  return name.includes('\\')
    ? JSON.parse(text.slice(start, endOf(grammar().string, text, start)))
    : name
}
