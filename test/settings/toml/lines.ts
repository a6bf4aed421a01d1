import * as fc from 'fast-check'

const WORDS = [
  'a',
  'b',
  'a.b',
  'b.a',
  'a.b.a',
  'a . b',
  '"a".b',
  '"\\u0061"',
  '"a.b"',
  "'='",
  '"]"',
  '""',
  'b."a\\tb"',
  'a..b',
  'a.',
  '__proto__',
  'constructor',
  '1',
  '-',
  'a_-9',
  '"a"',
]
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
const NESTED =
  '{a=1} {a.b=1,a.c=2} {a=1,a=2} {a={b=1},a.b=2} {a.b=1,a={}} {a=1,} {,} {a=[{b=1},{b=2}]} {"a"=1,\'a\'=2} ' +
  '[[1,2],[3],[]] [[[1]]] [{a=1},{a=1,a=1}] [[1],2,[3,],] [[1,],[,]] [[1]2] [{}] {a=[[[]]]} {a={b={c={}}}}'
const MOMENTS =
  '1979-05-27T07:32:00Z 1979-05-27t07:32:00.999z 1979-05-27T00:32:00-07:00 1979-02-31 1979-13-01 1979-00-10 ' +
  '07:32:00 07:32 24:00:00 07:60 07:32:60 1979-05-27T07:32 1979-05-27T07:32:00+24:00 1979-05-32 0000-01-01 07:32:00.'
const MORE_NUMBERS =
  '0xdead_BEEF 0x_1 0o17 0o8 0b1_0 0b2 +0x1 1e+1 1e1_0 1_e1 1._1 1.1_ +inf -nan +1_0 1__0 0e1 00.1 12345678901234567890'
const LONG_STRINGS = [
  '"""a"""',
  '"""a""""',
  '"""a"""""',
  '"""a""""""',
  "'''a''''",
  '"""\\\n  a"""',
  '"""a \\  \n b"""',
  '"""\\ a"""',
  '"""a\r\nb"""',
  '"""a\rb"""',
  '"""\\u00e9 \\"\\"\\" """',
  '"\\u00e9\\U0001F600\\x41\\e"',
  '"\\ud800"',
  '"\\U00110000"',
  '"\\q"',
  '"\\',
]
const OVER_LINES = [
  '[\n1,\n2 # b\n]',
  '{ a = 1,\n b = 2 # c\n}',
  '[ # ]\n]',
  '1979-05-27 07:32:00',
  '1979-05-27 # a',
  '{a\n=1}',
  '{a=\n1}',
]
const VALUES = [
  ...[NESTED, MOMENTS, MORE_NUMBERS].flatMap((all) => all.split(' ')),
  ...LONG_STRINGS,
  ...OVER_LINES,
  ...NUMBERS.split(' '),
  ...WORDLIKE.split(' '),
  ...STRINGS,
  ...LISTS,
  ...OTHERS,
]
const SPACES = ['', '', ' ', '\t', '  ', '\r', '\u00A0', '\f']
const COMMENTS = ['', '', '', '# [a]', '#', '# "\t#', '# \x00', '#\r', '# é\u2028']
const ENDS = ['\n', '\n', '\n', '\r\n', '\r', '\n\n', ' \n', '']

const one = (options: readonly string[]) => fc.constantFrom(...options)
/** Any statement that may be none. */
export const anyLine = fc
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

/** Lines that are valid unless a name is taken, so that documents of some length are. */
export const plainLine = fc
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
