import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'

import { readPlain } from '../../../src/settings/toml/plain.ts'
import { dice } from './dice.ts'
import { nasty } from './nasty.ts'

const WORDS = ['a', 'b', 'a.b', 'b.a', 'a.b.a', '__proto__', 'constructor', '1', '-', 'a_-9', '"a"']
const NUMBERS =
  '0 1 -1 -0 +1 01 00 1_0 0x1 1.5 -1.50 -0.5 0.0 1. .5 1e3 inf 1979-05-27 ' +
  '999999999999999 9999999999999999 -999999999999999.999999999'
const WORDLIKE = 'true false True truefalse [1] [ {} 1#1 "a"#"'
const STRINGS = [
  ...String.raw`"" '' "a" '"' "'" "#" "\n" '\' "a """ '''`.split(' '),
  '"\t"',
  '"\x7F"',
  '"\x1F"',
  '"\uD800"',
  "'é𝄞\u0085\u2028'",
  '"""\n"""',
]
const LISTS =
  '[] [1,2] ["a",\'b\'] [true,-1.5] ["a,b","]"] [1,] [,1] [[1]] [{}] [1 2] [01] ["\\n"] [1e3] [1_0]'.split(
    ' ',
  )
const OTHERS = [
  '',
  'true false',
  '{ a = 1 }',
  '1 1',
  '"a" "b"',
  '[ 1 , "a"\t]',
  '[ ]',
  '["a" # b',
  '[1, 1.5,\t0]',
]
const VALUES = [...NUMBERS.split(' '), ...WORDLIKE.split(' '), ...STRINGS, ...LISTS, ...OTHERS]
const SPACES = ['', '', ' ', '\t', '  ', '\r', '\u00A0', '\f']
const COMMENTS = ['', '', '', '# [a]', '#', '# "\t#', '# \x00', '#\r', '# é\u2028']
const ENDS = ['\n', '\n', '\n', '\r\n', '\r', '\n\n', ' \n', '']

const one = (options: readonly string[]) => fc.constantFrom(...options)
const line = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: one(WORDS).map((name) => `[${name}]`) },
      { weight: 1, arbitrary: one(WORDS).map((name) => `[[${name}]]`) },
      {
        weight: 6,
        arbitrary: fc
          .tuple(one(WORDS), one(SPACES), one(SPACES), one(VALUES))
          .map(([key, before, after, value]) => `${key}${before}=${after}${value}`),
      },
      { weight: 1, arbitrary: fc.constantFrom('', 'a', '=', ']', '[', '[a', 'a b = 1', '\uFEFF') },
    ),
    one(SPACES),
    one(SPACES),
    one(COMMENTS),
    one(ENDS),
  )
  .map(([content, before, after, comment, end]) => before + content + after + comment + end)

/** Lines that are read without the parser, so that documents of some length are. */
const plainLine = fc
  .tuple(
    fc.oneof(
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(4)).map(([name, at]) => `[${name}.${at}]`),
      fc.nat(9).map((at) => `[a.b.c.${at}]`),
      fc
        .tuple(
          fc.nat(30),
          fc.constantFrom('1', 'true', '"x"', "'y'", '-2.5', '[]', '["a", 1]', '[a.b]'),
        )
        .map(([at, value]) => `${at} = ${value}`),
    ),
    fc.constantFrom('', '', ' # why'),
  )
  .map(([content, comment]) => `${content}${comment}\n`)

/** What the parser says: the tables, or undefined if it takes the text for damaged. */
const parsed = (text: string): unknown => {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' })
  } catch {
    return undefined
  }
}

/** How many of the documents were read without the parser. */
function compare(documents: readonly string[]): number {
  const plain = documents.filter((text) => readPlain(text) !== undefined)
  expect(plain.filter((text) => !isDeepStrictEqual(readPlain(text), parsed(text)))).toEqual([])
  return plain.length
}

describe('a document that is read without the parser', () => {
  it('has the tables that the parser finds, and is valid for it', () => {
    const runs = 20_000
    const some = compare(
      fc.sample(
        fc.array(line, { maxLength: 4 }).map((all) => all.join('')),
        runs,
      ),
    )
    expect(some).toBeGreaterThan(runs / 20)
    const many = compare(
      fc.sample(
        fc.array(plainLine, { maxLength: 12 }).map((all) => all.join('')),
        runs,
      ),
    )
    expect(many).toBeGreaterThan(runs / 4)
    compare(fc.sample(dice, 1000).map((rolls) => nasty(rolls, true).text))
  })

  it.each([
    ['a key twice', 'a = 1\na = 2\n'],
    ['a table twice', '[a]\n[b]\n[a]\n'],
    ['a key with the name of a table', '[a.b]\n[a]\nb = 1\n'],
    ['a table with the name of a key', '[a]\nb = 1\n[a.b]\n'],
    ['a table below a key', 'a = "x"\n[a.b]\n'],
    ['a table in a list', 'a = ["x"]\n[a.b]\n'],
    ['a list over several lines', 'a = [\n]\n'],
    ['a string over several lines', 'a = """\n[b]\n"""\n'],
    ['a mark at its beginning', '\uFEFFa = 1\n'],
    ['an escape', 'a = "\\u0062"\n'],
  ])('has not %s', (_, text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  it.each([
    [
      'of 2,300 tables',
      Array.from({ length: 2300 }, (_, at) => `[t${at}.a]\nx = ${at}\n`).join(''),
    ],
    ['with a header of 30,000 names', `[${'a.'.repeat(30_000)}a]\n`],
    ['with nothing but spaces', ' '.repeat(65_536)],
    ['with one comment', `#${' '.repeat(65_535)}`],
    ['with one long string', `a = "${'x'.repeat(65_000)}"`],
  ])('may be one %s', (_, text) => {
    const tables = readPlain(text)
    expect(tables).toBeDefined()
    expect(JSON.stringify(Object.keys(tables ?? {}))).toBe(
      JSON.stringify(Object.keys(parsed(text) as object)),
    )
  })

  // One that takes the square of its length takes longer than a test may.
  it(
    'is told from any other without going over its lines again and again',
    { timeout: 10_000 },
    () => {
      const units = [
        ' ',
        '\t',
        'a',
        'a.',
        '[',
        '#',
        '"',
        "'",
        '1',
        ' \t',
        'a = 1 ',
        '\r',
        '=',
        '[a',
        ',1',
        '1,',
        ' 1 ,\t',
        '"a",',
      ]
      const starts = ['', 'a = ', 'a', 'a = "', '[', '[a.', 'a = 1', 'a = [', 'a = [1', '#']
      const ends = ['', '!', 'a', '"', '= 1', ']', '\x00']
      const texts = units.flatMap((unit) => {
        const long = unit.repeat(65_000 / unit.length)
        return starts.flatMap((start) => ends.map((end) => start + long + end))
      })
      expect(compare(texts)).toBeGreaterThan(10)
    },
  )
})
