import { describe, expect, it } from 'vitest'

import { locate } from './facts.ts'

const KEY = ['runtime', 'telemetry', 'enabled']

describe('locate', () => {
  it.each([
    ['under its header', '\n[runtime.telemetry]\nenabled = false', 3],
    ['as a dotted key', '# first\nruntime.telemetry.enabled = false', 2],
    ['as a dotted key under a header', '[runtime]\n\ntelemetry.enabled = false', 3],
    ['in an inline table', '[runtime]\ntelemetry = { a = 1, enabled = false }', 2],
    ['in nested inline tables', 'runtime = {\n telemetry = {\n  enabled = false } }', 3],
    ['as a dotted key in an inline table', 'runtime = { a = {}, telemetry.enabled = 1 }', 1],
    ['in quotes', `["runtime" . 'telemetry']\n"\\u0065nabled" = false`, 2],
    ['behind spaces', '[ runtime\t. telemetry ]\n \t enabled\t= false', 2],
    ['behind a BOM', '\uFEFFruntime.telemetry.enabled = false', 1],
    ['behind mixed line endings', 'a = 1\r\nb = 2\n\r\n[runtime]\r\ntelemetry.enabled = 1', 5],
    ['after a sub-table', '[runtime.telemetry.a]\n[runtime.telemetry]\nenabled = 1', 3],
    [
      'behind a multi-line basic string',
      'a = """\n[runtime.telemetry]\nenabled = true\\""""\nruntime.telemetry.enabled = 1',
      4,
    ],
    [
      'behind a multi-line literal string',
      "a = '''\nruntime.telemetry.enabled = 1\\'''''\nruntime.telemetry.enabled = 1",
      3,
    ],
    [
      'behind an array over several lines',
      'a = [ # ]\n  "]", # [runtime.telemetry]\n  [[]], { enabled = 1 },\n]\nruntime.telemetry.enabled = 1',
      5,
    ],
    ['behind a comment of any kind', '# """ [x] \' {\n[runtime.telemetry] # a\nenabled = 1', 3],
    ['behind a separator that is no line ending', "a = '\u2028'\nruntime.telemetry.enabled = 1", 2],
    ['behind a date with a space', 'a = 1979-05-27 07:32:00\nruntime.telemetry.enabled = 1', 2],
  ])('finds a key %s', (_, text, line) => {
    expect(locate(text, KEY)).toBe(line)
  })

  it.each([
    ['the document is empty', ''],
    ['it is a comment', '# [runtime.telemetry]\n# enabled = 1'],
    ['it is in another table', '[a.runtime.telemetry]\nenabled = 1'],
    ['it is a part of a key', "'runtime.telemetry.enabled' = 1"],
    ['it is inside of a string', 'a = """\n[runtime.telemetry]\nenabled = 1"""'],
    ['it is inside of an array', 'runtime.telemetry = [{ enabled = 1 }]'],
    ['it is in an array of tables', '[[runtime]]\ntelemetry.enabled = 1'],
    ['it is beneath an array of tables', '[[runtime]]\n[runtime.telemetry]\nenabled = 1'],
  ])('finds nothing when %s', (_, text) => {
    expect(locate(text, KEY)).toBeUndefined()
  })

  it.each([
    ['the header of a table', '[runtime.a]\n[runtime]\n', 2],
    ['the pair of an inline table', 'a = 1\nruntime = {}', 2],
    ['the first header of an array of tables', 'a = 1\n[[runtime]]\n[[runtime]]', 2],
    ['the first key beneath a table without a header', 'a = 1\nruntime.a = 1\nruntime.b = 2', 2],
  ])('finds %s', (_, text, line) => {
    expect(locate(text, ['runtime'])).toBe(line)
  })
})
