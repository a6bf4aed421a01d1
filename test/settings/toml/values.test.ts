import { describe, expect, it } from 'vitest'
import { parseValues } from '../../../src/settings/toml/document.ts'
import { setKey } from '../../../src/settings/toml/edit.ts'
import { TomlEditError } from '../../../src/settings/toml/values.ts'
import { reads, withoutValue, withValue } from '../../../src/settings/toml/values.ts'

describe('comparing values', () => {
  const text = 'a = [nan, -0.0, inf, 0x7fffffffffffffff, 1979-05-27, {}]\n__proto__.b = "x"\n'

  it('accepts any text for the same values', () => {
    const other = text.replace('0x7fffffffffffffff', '9223372036854775807').replace('"x"', "'x'")
    expect(reads(other, parseValues(text))).toBe(true)
  })

  it.each([
    ['nan', '1.0'],
    ['-0.0', '0.0'],
    ['inf', '-inf'],
    ['0x7fffffffffffffff', '0x7ffffffffffffffe'],
    ['1979-05-27', '1979-05-28'],
    ['{}', '[]'],
    ['__proto__.b', '__proto__.c'],
    ['__proto__.b', 'b'],
    ['"x"', '"x'],
  ])('tells %s from %s', (one, other) => {
    expect(reads(text.replace(one, other), parseValues(text))).toBe(false)
  })

  it('refuses an edit among tables that are too deep to compare', () => {
    const deep = `${'a.'.repeat(50_000)}a = 1\n`
    expect(() => setKey(deep, ['b'], true)).toThrow(TomlEditError)
  })
})

describe('withValue', () => {
  it.each([
    [['a'], 'a = true'],
    [['b', 'c'], 'a = 1\nb.c = true'],
    [['__proto__', 'b'], 'a = 1\n__proto__.b = true'],
  ])('sets %j', (path, expected) => {
    expect(reads(expected, withValue(parseValues('a = 1'), path, true))).toBe(true)
  })
})

describe('withoutValue', () => {
  it.each([
    ['a.b.c = 1', 0, ''],
    ['[a]\nb.c = 1', 1, '[a]'],
    ['[a.b]\nc = 1', 2, '[a.b]'],
    ['a.b.c = 1\na.d = 1', 0, 'a.d = 1'],
    ['a.b.c = 1\n[a.b.d]', 0, '[a.b.d]'],
  ])('removes a.b.c from %j and keeps %i parts of its path', (text, kept, expected) => {
    expect(reads(expected, withoutValue(parseValues(text), ['a', 'b', 'c'], kept))).toBe(true)
  })
})
