/** TOML's grammar, as patterns that begin where they are asked to. What they match is valid. */

import { lazily, sticky } from '../cursor.ts'

/** Control characters, of which TOML allows only the tab. */
const CONTROL = String.raw`\x00-\x08\x0A-\x1F\x7F`
const NEWLINE = String.raw`\r?\n`
const COMMENT = `#[^${CONTROL}]*`
const BLANKS = String.raw`[ \t]*`
/** Each character on its own, so that what does not fit is found without trying all divisions. */
const VOID = String.raw`(?:[ \t\n]|\r\n|${COMMENT}(?=${NEWLINE}|$))*`
const END = `${BLANKS}(?:${COMMENT})?(?:${NEWLINE}${VOID}|$)`

const HEX = '[0-9a-fA-F]'
/** Half of a surrogate pair is no character, and nor is what lies beyond the last one. */
const ESCAPE =
  String.raw`\\(?:[btnfre"\\]|x${HEX}{2}|u(?![dD][89a-fA-F])${HEX}{4}|` +
  String.raw`U(?:0000(?![dD][89a-fA-F])|000[1-9a-fA-F]|0010)${HEX}{4})`
const CHARACTER = String.raw`[^"\\${CONTROL}]`
const BASIC = `"${CHARACTER}*(?:${ESCAPE}${CHARACTER}*)*"`
const LITERAL = `'[^'${CONTROL}]*'`
/** Up to two quotes may stand anywhere in a long string, also right before the closing three. */
const LONG_BASIC = String.raw`"""(?:${CHARACTER}|${NEWLINE}|"{1,2}(?!")|${ESCAPE}|\\[ \t]*${NEWLINE})*"{3,5}`
const LONG_LITERAL = `'''(?:[^'${CONTROL}]|${NEWLINE}|'{1,2}(?!'))*'{3,5}`

const DIGITS = String.raw`\d(?:_?\d)*`
const NUMBER =
  String.raw`0x${HEX}(?:_?${HEX})*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*|` +
  String.raw`[+-]?(?:inf|nan|(?:0|[1-9](?:_?\d)*)(?:\.${DIGITS})?(?:[eE][+-]?${DIGITS})?)`
const HOUR = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`
const TIME = String.raw`${HOUR}(?::[0-5]\d(?:\.\d+)?)?`
/** The parser does not mind a 31st of February. */
const DATE = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[Tt ]${TIME}(?:[Zz]|[+-]${HOUR})?)?`

const SCALAR = `(?:${LONG_BASIC}|${LONG_LITERAL}|${BASIC}|${LITERAL}|${DATE}|${TIME}|${NUMBER})`
const PART = String.raw`(?:[\w-]+|${BASIC}|${LITERAL})`
const KEY = String.raw`${BLANKS}${PART}(?:${BLANKS}\.${BLANKS}${PART})*${BLANKS}`

// What most documents are made of. V8 takes a millisecond for a pattern of everything that TOML knows.
const SIMPLE = String.raw`(?:true|false|"${CHARACTER}*"|${LITERAL}|-?(?:0|[1-9]\d*)(?:\.\d+)?|\{${BLANKS}\})`
const listOf = (item: string): string =>
  String.raw`\[${VOID}(?:${item}${VOID}(?:,${VOID}${item}${VOID})*(?:,${VOID})?)?\]`
const LIST = listOf(`(?:${SIMPLE}|${listOf(SIMPLE)})`)
/** Where it ends can be found by the next equals sign or bracket. */
const SIMPLE_PART = String.raw`(?:[\w-]+|"[^"\\=\]${CONTROL}]*"|'[^'=\]${CONTROL}]*')`
const SIMPLE_KEY = String.raw`${SIMPLE_PART}(?:\.${SIMPLE_PART})*`
/** The comma behind an item, which the last one need not have. */
const COMMA = String.raw`${VOID}(?:,${VOID}|(?=[\]}]))`

export const grammar = lazily(() => ({
  blanks: sticky(BLANKS),
  /** White space, line endings and comments. */
  voidSpace: sticky(VOID),
  comma: sticky(COMMA),
  /** What stands behind a statement, up to the next one. */
  end: sticky(END),
  /** What stands before a value. */
  assignment: sticky(`${KEY}=${BLANKS}`),
  header: sticky(String.raw`\[(?:${KEY}|\[${KEY}\])\]`),
  /** Any value but lists and inline tables. */
  scalar: sticky(SCALAR),

  simple: sticky(`${SIMPLE}(?=[ \t\n\r,#}\\]]|$)`),
  /** A list of simple values, or of lists of them. */
  simpleList: sticky(LIST),
  /** The white space before an item, and such items of any list, as far as each has a comma. */
  simpleItems: sticky(`${VOID}(?:(?:${SIMPLE}|${LIST})${VOID},${VOID})*`),
  /** Whole statements. */
  simpleHeader: sticky(String.raw`\[${SIMPLE_KEY}\]${END}`),
  simpleListHeader: sticky(String.raw`\[\[${SIMPLE_KEY}\]\]${END}`),
  simpleStatement: sticky(`${SIMPLE_KEY}${BLANKS}=${BLANKS}${SIMPLE}${END}`),
  /** A pair of an inline table with its comma. */
  simplePair: sticky(`${SIMPLE_KEY}${BLANKS}=${BLANKS}${SIMPLE}${COMMA}`),

  /** Looks for parts of keys, and for escapes in strings. */
  keyParts: new RegExp(PART, 'g'),
  escapes: new RegExp(ESCAPE, 'g'),
  /** A string on one line, without escapes. */
  plainString: /^(?:"[^"\\]*"|'[^']*')$/,
}))
