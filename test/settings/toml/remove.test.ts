import { TomlError } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { removeKey } from '../../../src/settings/toml/edit.ts'
import { TomlEditError } from '../../../src/settings/toml/values.ts'

const KEY = ['runtime', 'telemetry', 'enabled']

describe('removeKey', () => {
  it.each([
    ['a line', 'a = 1\n[runtime.telemetry]\n', ' enabled = true \t\n', '\n# b\n'],
    ['a line with its CRLF', 'a = 1\n[runtime.telemetry]\n', 'enabled = true\r\n', 'b = 1\n'],
    ['all lines of a value', '# a\n', "runtime.telemetry.enabled = '''\n\n'''\n", '# b\n'],
    ['the only line', '', 'runtime.telemetry.enabled = true', ''],
    ['the only line behind a BOM', '\uFEFF', 'runtime.telemetry.enabled = true\n', ''],
    [
      'the last line of a document without a final newline',
      'a.b = 1',
      '\r\nruntime.telemetry.enabled = 1',
      '',
    ],
    ['the line before a comment', '[runtime]\n  ', 'telemetry.enabled = 1   ', '# why\r\n[b]'],
  ])('takes out %s', (_, before, line, after) => {
    expect(removeKey(before + line + after, KEY)).toBe(before + after)
  })

  it.each([
    ['{ enabled = true }', '{ }'],
    ['{enabled = true}', '{}'],
    ['{ enabled = true, }', '{ }'],
    ['{ enabled = true, a = 1 }', '{ a = 1 }'],
    ['{ a = 1, enabled = true }', '{ a = 1 }'],
    ['{ a = 1, enabled = true, }', '{ a = 1, }'],
    ['{ a = 1, enabled = true, b = 2 }', '{ a = 1, b = 2 }'],
    ['{a=1,enabled=true,b=2}', '{a=1,b=2}'],
    ['{\n  a = 1,\n  enabled = true\n}', '{\n  a = 1\n}'],
    ['{\n  a = 1,\n  enabled = true,\n}', '{\n  a = 1,\n}'],
    ['{\n  enabled = true, # why\n  a = 1\n}', '{\n  # why\n  a = 1\n}'],
    ['{ # a\n  a = 1, # b\n  enabled = true # c\n}', '{ # a\n  a = 1 # b\n  # c\n}'],
    ['{\n  enabled = true # a\n  , # b\n  a = 1\n}', '{\n  # a\n  # b\n  a = 1\n}'],
    ['{ a = 1\n, enabled = true\n, b = 2\n}', '{ a = 1\n, b = 2\n}'],
    ['{ a = 1\n, enabled = true\n}', '{ a = 1\n}'],
  ])('takes its comma out of %j', (before, after) => {
    expect(removeKey(`[runtime]\ntelemetry = ${before} # x\n`, KEY)).toBe(
      `[runtime]\ntelemetry = ${after} # x\n`,
    )
  })

  it('does not change a document without the key', () => {
    const texts = [
      '',
      'runtime = 5',
      '[[runtime]]\ntelemetry.enabled = true',
      '[runtime.telemetry]',
    ]
    expect(texts.map((text) => removeKey(text, KEY))).toEqual(texts)
  })

  it.each(['[runtime.telemetry.enabled]', 'runtime.telemetry.enabled = {}'])(
    'refuses to remove the table in %s',
    (text) => {
      expect(() => removeKey(text, KEY)).toThrow(TomlEditError)
    },
  )

  it('throws the parser’s own error', () => {
    expect(() => removeKey('a = 1\nb = ', KEY)).toThrow(TomlError)
  })
})
