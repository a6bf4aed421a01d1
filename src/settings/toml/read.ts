import { Cursor } from '../cursor.ts'
import type { Path } from './document.ts'
import { faultIn, TomlFault } from './fault.ts'
import { grammar } from './grammar.ts'
import { homeOf, nextTableOf, tableOf, TomlDocument, TomlTable } from './tables.ts'

/**
 * The tables of a document, and where their values are written. It takes what the parser takes, and says
 * what the parser says of anything else. The parser makes all values and keeps two records of each
 * table, for which a process that has only started needs three times as long.
 */
export const readToml = (text: string): TomlDocument => new Reader(text).read()

/**
 * The parsers of programs that we know give up sooner. A host may call us with little of its stack left,
 * so a file must not take much of it.
 */
const deepest = 127
/** How many levels a pattern may take at once: a list of lists, with inline tables in them. */
const atOnce = 3
/** How many lists and inline tables that are no simple ones. No settings file of 64 KiB has as many. */
const mostNested = 4000
/** White space, line endings and comments begin with no later character. */
const lastOfVoid = '#'.charCodeAt(0)

class Reader extends Cursor {
  private clash: TomlFault | undefined = undefined
  /** What nests deeply is not tried as something simple at each level, but again once it has ended. */
  private isDescending = false
  private nested = 0
  private readonly grammar = grammar()
  private readonly asStatement: Form = {
    whole: this.grammar.simpleStatement,
    takeBehind: () => this.take(this.grammar.end),
    what: 'table or value',
  }
  private readonly inInlineTable: Form = {
    whole: this.grammar.simplePair,
    takeBehind: () => this.takeComma(),
    what: 'value',
  }

  read(): TomlDocument {
    const { text } = this
    const root = new TomlDocument(text)
    let home: TomlTable | undefined = root
    this.take(this.grammar.voidSpace)
    while (this.at < text.length) {
      const start = this.at
      if (text[start] === '[') home = this.readHeader(root)
      else if (!this.readPair(home, this.asStatement, 0)) home = undefined
      if (home === undefined) throw this.clash ?? faultIn(text, start, this.at)
    }
    return root
  }

  /** Undefined if there is no table of that name. */
  private readHeader(root: TomlTable): TomlTable | undefined {
    const start = this.at
    const isList = this.text[start + 1] === '['
    const isSimple = this.take(isList ? this.grammar.simpleListHeader : this.grammar.simpleHeader)
    if (!isSimple && !this.take(this.grammar.header)) return undefined
    const inside = start + (isList ? 2 : 1)
    const close = isSimple ? this.text.indexOf(']', inside) : this.at - (isList ? 2 : 1)
    const path = pathOf(this.text.slice(inside, close))
    const table = isList ? nextTableOf(root, path, start) : tableOf(root, path, start)
    if (table === undefined) this.clashAt(inside, 'table or value')
    return isSimple || this.take(this.grammar.end) ? table : undefined
  }

  private readPair(table: TomlTable, form: Form, depth: number): boolean {
    const { text } = this
    const start = this.at
    const isSimple = !this.isDescending && depth + atOnce <= deepest && this.take(form.whole)
    if (!isSimple && !this.take(this.grammar.assignment)) return false
    const equals = isSimple ? text.indexOf('=', start) : text.lastIndexOf('=', this.at - 1)
    const key = text.slice(start, equals).trimEnd()
    const inner = isSimple || text[this.at] !== '{' ? undefined : new TomlTable('inline', start)
    if (!add(table, key, inner ?? equals + 1, start)) {
      this.clashAt(start, form.what)
      return false
    }
    if (isSimple) return true
    if (inner) this.isDescending = true
    const isRead = inner ? this.readInline(inner, depth) : this.readValue(depth)
    return isRead && form.takeBehind()
  }

  private readValue(depth: number): boolean {
    switch (this.text[this.at]) {
      case '[':
        return this.readSimpleList(depth) || this.readList(depth)
      case '{':
        return this.readInline(new TomlTable('inline', this.at), depth)
      default:
        this.isDescending = false
        return this.take(this.grammar.simple) || this.take(this.grammar.scalar)
    }
  }

  private readSimpleList(depth: number): boolean {
    if (this.isDescending || depth + atOnce > deepest) return false
    const isSimple = this.take(this.grammar.simpleList)
    this.isDescending = !isSimple
    return isSimple
  }

  private readList(depth: number): boolean {
    if (!this.open(depth)) return false
    const hasRoom = depth + atOnce < deepest
    for (;;) {
      if (!this.isDescending && hasRoom) this.take(this.grammar.simpleItems)
      else this.skipVoid()
      if (this.skip(']')) break
      if (!this.readValue(depth + 1) || !this.takeComma()) return false
    }
    this.isDescending = false
    return true
  }

  private readInline(table: TomlTable, depth: number): boolean {
    if (!this.open(depth)) return false
    this.skipVoid()
    while (!this.skip('}')) {
      if (!this.readPair(table, this.inInlineTable, depth + 1)) return false
    }
    this.isDescending = false
    return true
  }

  private skipVoid(): void {
    if (this.text.charCodeAt(this.at) <= lastOfVoid) this.take(this.grammar.voidSpace)
  }

  /** The comma behind an item, or nothing behind the last. */
  private takeComma(): boolean {
    const next = this.text[this.at]
    return next === ']' || next === '}' || this.take(this.grammar.comma)
  }

  private open(depth: number): boolean {
    this.at += 1
    this.nested += 1
    if (depth < deepest && this.nested <= mostNested) return true
    const isDeep = depth >= deepest
    const what = isDeep ? 'nested too deeply' : 'too many lists and tables in one another'
    this.clash = new TomlFault(what, this.text, this.at - 1, !isDeep)
    return false
  }

  private clashAt(key: number, what: string): void {
    this.clash = new TomlFault(`trying to redefine an already defined ${what}`, this.text, key)
  }
}

/** How a pair is written: all of it, if its value is simple, or what stands behind it. */
interface Form {
  readonly whole: RegExp
  readonly takeBehind: () => boolean
  /** What its key must not have been before. */
  readonly what: string
}

/** False if the key is taken. */
function add(table: TomlTable, key: string, entry: TomlTable | number, start: number): boolean {
  // Most keys are one word. A process that has only started pays for each call.
  if (isWord.test(key)) {
    if (table.get(key) !== undefined) return false
    table.set(key, entry)
    return true
  }
  const path = pathOf(key)
  const home = homeOf(table, path, start)
  home?.set(path[path.length - 1] ?? '', entry)
  return home !== undefined
}

const isWord = /^[\w-]+$/

/** The parts of a key. */
function pathOf(key: string): Path {
  if (!isBare.test(key)) return (key.match(grammar().keyParts) ?? []).map(unquoted)
  const dot = key.indexOf('.')
  if (dot < 0) return [key]
  // `split` enters each part into a table of V8's own, which takes longer than all else here.
  const isPair = !key.includes('.', dot + 1)
  return isPair ? [key.slice(0, dot), key.slice(dot + 1)] : key.split('.')
}

const isBare = /^[\w.-]+$/

function unquoted(part: string): string {
  const quote = part[0]
  if (quote !== '"' && quote !== "'") return part
  const inside = part.slice(1, -1)
  return quote === "'" || !inside.includes('\\')
    ? inside
    : inside.replace(grammar().escapes, unescaped)
}

function unescaped(escape: string): string {
  const letter = escape[1] ?? ''
  if (!'xuU'.includes(letter)) return named[letter] ?? letter
  return String.fromCodePoint(Number.parseInt(escape.slice(2), 16))
}

const named: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\x1B',
}
