import { parse, TomlError } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { setKey } from '../../../src/settings/toml/edit.ts'
import { TomlEditError } from '../../../src/settings/toml/values.ts'
import { locate } from './facts.ts'

const KEY = ['runtime', 'telemetry', 'enabled']

describe('setting an existing key', () => {
  it.each([
    ['under its header', '[runtime.telemetry]\nenabled   =  ', ' # why\n'],
    ['as a dotted key', 'runtime . telemetry . enabled=', ''],
    ['as a dotted key under a header', '[runtime]\r\n\ttelemetry.enabled =\t', '\r\n'],
    ['in an inline table', '[runtime]\ntelemetry = {a=1,enabled=', '}\n'],
    ['in nested inline tables', 'runtime = { telemetry = { enabled = ', ', a = 1 } } # x'],
    ['in an inline table over lines', 'runtime.telemetry = {\n  enabled = ', ', # x\n}\n'],
    ['in quotes', `["runtime".'telemetry']\n"\\u0065nabled" = `, '\n'],
    ['behind its like', "x = '''\n[runtime.telemetry]\n'''\n[runtime.telemetry]\nenabled=", '\n'],
  ])('gets its value replaced %s', (_, before, after) => {
    const values = [
      'true',
      '"a # \\" b"',
      '"""\n[x]\n"""',
      "''''x'''''",
      '[ 1, # ]\n 2 ]',
      '-1.5e3',
    ]
    const edited = values.map((value) => setKey(before + value + after, KEY, false))
    expect(new Set(edited)).toEqual(new Set([`${before}false${after}`]))
  })
})

describe('setting a missing key', () => {
  it.each([
    ['of an empty document', '', '[runtime.telemetry]\nenabled = false\n'],
    ['behind a BOM', '\uFEFF', '\uFEFF[runtime.telemetry]\nenabled = false\n'],
    ['behind a blank line', 'a = 1\n', 'a = 1\n\n[runtime.telemetry]\nenabled = false\n'],
    ['behind one that was there', 'a = 1\n\n', 'a = 1\n\n[runtime.telemetry]\nenabled = false\n'],
    ['without a final newline', 'a = 1', 'a = 1\n\n[runtime.telemetry]\nenabled = false'],
    ['with CRLF', '# a\n# b\r\n', '# a\n# b\r\n\r\n[runtime.telemetry]\r\nenabled = false\r\n'],
    [
      'beside its super-table',
      '[runtime]\n',
      '[runtime]\n\n[runtime.telemetry]\nenabled = false\n',
    ],
    ['with its like', '[[a]]\n\n', '[[a]]\n\n[runtime.telemetry]\nenabled = false\n'],
  ])('gets a section %s', (_, before, after) => {
    expect(setKey(before, KEY, false)).toBe(after)
  })

  it.each([
    [
      'the last pair',
      '[runtime.telemetry]\n  a = [\n  1,\n] # a\n',
      '  enabled = false\n',
      '\n# b\n[b]\n',
    ],
    ['its header', '[a]\n[runtime.telemetry] # t\r\n', 'enabled = false\r\n', '\r\n# a = 1\r\n'],
    ['a sub-table', '[runtime.telemetry.a]\n[runtime.telemetry]\n', 'enabled = false\n', '[a]\n'],
    [
      'dotted siblings',
      'runtime.telemetry.a = 1\n',
      'runtime.telemetry.enabled = false\n',
      'a = 1\n',
    ],
    ['dotted relatives', 'runtime.a = 1\n', 'runtime.telemetry.enabled = false\n', '[runtime.b]\n'],
    [
      'dotted siblings under a header',
      '[runtime]\n telemetry.a = 1\n',
      ' telemetry.enabled = false\n',
      ' b = 1\n',
    ],
  ])('gets a line behind %s', (_, before, line, after) => {
    expect(setKey(before + after, KEY, false)).toBe(before + line + after)
  })

  it.each([
    ['[runtime.telemetry]', '[runtime.telemetry]\nenabled = false'],
    ['a = 1\r\n[runtime.telemetry]', 'a = 1\r\n[runtime.telemetry]\r\nenabled = false'],
  ])('adds the last line of %j', (before, after) => {
    expect(setKey(before, KEY, false)).toBe(after)
  })

  it.each([
    ['{}', '{ enabled = false }'],
    ['{ }', '{ enabled = false }'],
    ['{ # a\n}', '{ enabled = false # a\n}'],
    ['{a = 1}', '{a = 1, enabled = false}'],
    ['{ a = 1, }', '{ a = 1, enabled = false, }'],
    ['{ a = { b = 1 } }', '{ a = { b = 1 }, enabled = false }'],
    ['{\n  a = 1 # a\n}', '{\n  a = 1, # a\n  enabled = false\n}'],
    ['{\r\n\ta = 1, # a\r\n}', '{\r\n\ta = 1, # a\r\n\tenabled = false,\r\n}'],
    ['{\n  a = 1\n  , # a\n}', '{\n  a = 1\n  , # a\n  enabled = false,\n}'],
    ['{ a = 1\n, b = 2 # b\n}', '{ a = 1\n, b = 2, enabled = false # b\n}'],
  ])('extends the inline table %j', (before, after) => {
    expect(setKey(`[runtime]\ntelemetry = ${before} # x\n`, KEY, false)).toBe(
      `[runtime]\ntelemetry = ${after} # x\n`,
    )
  })

  it.each([
    ['{}', '{ telemetry.enabled = false }'],
    ['{ a = 1 }', '{ a = 1, telemetry.enabled = false }'],
    ['{ telemetry.a = 1, a = 1 }', '{ telemetry.a = 1, telemetry.enabled = false, a = 1 }'],
    ['{ a = { telemetry = {} } }', '{ a = { telemetry = {} }, telemetry.enabled = false }'],
  ])('extends the inline table %j above its own', (before, after) => {
    expect(setKey(`runtime = ${before}`, KEY, false)).toBe(`runtime = ${after}`)
  })

  it.each([
    ['', 'a = true\n'],
    ['# b\r\n[b]\r\n', 'a = true\r\n# b\r\n[b]\r\n'],
    ['b = 1', 'b = 1\na = true'],
  ])('of the root adds it before the headers of %j', (before, after) => {
    expect(setKey(before, ['a'], true)).toBe(after)
  })

  it('quotes the key if necessary', () => {
    expect(setKey('', ['a.b', '', 'ü"'], true)).toBe('["a.b".""]\n"ü\\"" = true\n')
  })

  it('works with any name', () => {
    const key = ['__proto__', 'constructor', '__proto__']
    const after = setKey('constructor.__proto__ = 1\n', key, true)
    expect(after).toBe('constructor.__proto__ = 1\n\n[__proto__.constructor]\n__proto__ = true\n')
    expect(locate(after, key)).toBe(4)
  })
})

describe('a string', () => {
  it('is written so that it reads the same', () => {
    const value = `"'\\ \t\r\n\b\f\0\u001B\u007F\u0085\u2028\uFEFF𝄞 # ü`
    const text = setKey('', ['a'], value)
    expect(parse(text)).toEqual({ a: value })
    expect(text).toMatch(/^[^\p{Cc}]*\n$/u)
  })

  it.each(['\uD800', 'a\uDC00b', '\uDC00\uD800'])(
    'cannot contain half a surrogate pair: %j',
    (value) => {
      expect(() => setKey('', ['a'], value)).toThrow(TomlEditError)
      expect(() => setKey('', [value], true)).toThrow(TomlEditError)
    },
  )
})

describe('an edit that cannot be made', () => {
  const inTheWay = 'runtime is not a table, so it cannot hold runtime.telemetry.enabled'

  it.each([
    ['a value', 'runtime = 5', inTheWay, 1],
    ['an array', 'a = 1\nruntime = [\n{ telemetry = {} }]', inTheWay, 2],
    ['an array of tables', '\n[[runtime]]\n[runtime.telemetry]', inTheWay, 2],
    [
      'a value in an inline table',
      'runtime = {\ntelemetry = 1979-05-27 }',
      'runtime.telemetry is not a table, so it cannot hold runtime.telemetry.enabled',
      2,
    ],
  ])('reports %s in the way', (_, text, message, line) => {
    expect(() => setKey(text, KEY, true)).toThrow(
      expect.objectContaining({ name: 'TomlEditError', message, line }),
    )
  })

  it.each([
    ['a section', '[runtime.telemetry.enabled]', 1],
    ['an inline table', '[runtime]\ntelemetry.enabled = {}', 2],
    ['a table above others', 'a = 1\n[runtime.telemetry.enabled.a]', 2],
    ['a table of dotted keys', 'runtime.telemetry.enabled.a = 1', 1],
    ['an array of tables', '[[runtime.telemetry.enabled]]', 1],
  ])('reports that it would overwrite %s', (_, text, line) => {
    const message = 'runtime.telemetry.enabled is a table, not a single value'
    expect(() => setKey(text, KEY, true)).toThrow(
      expect.objectContaining({ name: 'TomlEditError', message, line }),
    )
  })

  it('is refused for the root', () => {
    expect(() => setKey('', [], true)).toThrow(TomlEditError)
  })

  it('throws the parser’s own error', () => {
    expect(() => setKey('a = 1\nb = ', KEY, true)).toThrow(TomlError)
  })
})
