import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { editJson } from '../../src/settings/json-edit.ts'
import { JsonTextError, readJson } from '../../src/settings/json-text.ts'
import { tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'
import { valuesIn, withoutLists } from './values.ts'

const key = ['runtime', 'telemetry', 'enabled']

const words = fc.constantFrom('runtime', 'telemetry', 'enabled', 'a', '__proto__', 'é"\\\n')
const json = fc.letrec<{ value: unknown; table: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, -1.5e9, 'text', '{"a": 1}'),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('table'),
  ),
  table: fc
    .array(fc.tuple(words, tie('value')), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries)),
}))
const indent = fc.constantFrom(undefined, 2, 4, '\t')
const texts = fc
  .tuple(json.table, indent, fc.constantFrom('\n', '\r\n'), fc.constantFrom('', '\n'))
  .map(([value, step, newline, end]) => {
    return JSON.stringify(value, undefined, step).replaceAll('\n', newline) + end
  })

describe('an edit of JSON', () => {
  it('changes one value and nothing but its surroundings', () => {
    const property = fc.property(texts, fc.boolean(), (before, value) => {
      let after: string
      try {
        after = editJson(before, key, value)
      } catch (error) {
        // Where something else stands in the way, nothing is changed.
        if (!(error instanceof JsonTextError)) throw error
        return
      }
      // oxlint-disable-next-line typescript/no-explicit-any -- it is what JSON.parse gives
      const expected: any = JSON.parse(before)
      expected.runtime = { ...expected.runtime }
      expected.runtime.telemetry = { ...expected.runtime.telemetry, enabled: value }
      expect(JSON.parse(after)).toEqual(expected)
      // What was there is still there, in its order: the edit only put something in, or replaced one word.
      const common = (one: string, other: string) => {
        let length = 0
        while (length < one.length && one[length] === other[length]) length += 1
        return length
      }
      const head = common(before, after)
      const backwards = (text: string) => text.split('').toReversed().join('')
      const tail = common(backwards(before.slice(head)), backwards(after.slice(head)))
      expect(before.slice(head, before.length - tail)).toMatch(/^.{0,30}$/s)
      expect(editJson(after, key, value)).toBe(after)
      const without = editJson(after, key, undefined)
      delete expected.runtime.telemetry.enabled
      expect(JSON.parse(without)).toEqual(expected)
    })
    fc.assert(property, { numRuns: 2000 })
  })

  it.each([
    ['{"runtime": {"telemetry": null}}', '{"runtime": {"telemetry": { "enabled": false }}}'],
    [
      '{"runtime": null, "a": null}',
      '{"runtime": { "telemetry": { "enabled": false } }, "a": null}',
    ],
  ])('puts an object in the place of null: %s', (before, after) => {
    expect(editJson(before, key, false)).toBe(after)
  })

  it('keeps the layout of the file', () => {
    const before = '{\n  "name": "x",\n  "runtime": {\n    "verbose": true\n  }\n}\n'
    expect(editJson(before, key, false)).toBe(
      '{\n  "name": "x",\n  "runtime": {\n    "verbose": true,\n    "telemetry": {\n      "enabled": false\n    }\n  }\n}\n',
    )
    expect(editJson('{"a": 1}', key, false)).toBe(
      '{"a": 1, "runtime": { "telemetry": { "enabled": false } }}',
    )
  })
})

describe('the reading of JSON', () => {
  it('finds what JSON.parse finds, and names that stand twice in one object', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const document = readJson(text)
        expect(valuesIn(document)).toEqual(withoutLists(JSON.parse(text)))
        expect(document.repeated).toBeUndefined()
        const marked = readJson(`\uFEFF${text}`)
        expect(valuesIn(marked)).toEqual(valuesIn(document))
      }),
      { numRuns: 2000 },
    )
    const repeatedIn = (text: string) => readJson(text).repeated?.offset
    expect(repeatedIn('{"a": 1, "\\u0061": 2}')).toBe(9)
    expect(repeatedIn('{"x": [{"b": "c\\":", "d": {"b": 1, "b": 2}}]}')).toBe(35)
    expect(repeatedIn('{"x": [{"b": 1}, {"b": 1, "c": 2, "b": 3}, {"b": 1}]}')).toBe(34)
    expect(repeatedIn('{"b": {"a": 1}, "c": [{"a": 1}]}')).toBeUndefined()
    expect(valuesIn(readJson('{"a": {"b": 1}, "c": 1, "a": {"c": 2}}'))).toEqual({
      a: { c: 2 },
      c: 1,
    })
  })

  it('rejects what JSON.parse rejects, where it goes wrong, and quotes nothing of it', () => {
    const bits =
      '{ } [ ] , : "a" "b" "a":1 "a":{} 1 -1.5e9 01 . - true tru null \n \t \x00 \u00A0 "\\u006" // \''
    const tokens = fc
      .array(fc.constantFrom(...bits.split(' '), ' ', '{"a":1}', '[1,', '{"b":[', ']}'), {
        maxLength: 9,
      })
      .map((all) => `{"a":[${all.join('')}]}`)
    const broken = fc
      .tuple(texts, fc.nat(), fc.constantFrom('', ',', '}', '"', "'", '//', '\u0000', '1', ' '))
      .map(([valid, at, more]) => {
        const cut = at % (valid.length + 1)
        return valid.slice(0, cut) + more + valid.slice(more === '' ? cut + 1 : cut)
      })
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(broken, tokens), (text) => {
        let expected: unknown
        try {
          expected = withoutLists(JSON.parse(text))
        } catch {
          expected = undefined
        }
        try {
          expect(valuesIn(readJson(text))).toEqual(expected)
          taken += 1
        } catch (error) {
          if (!(error instanceof JsonTextError)) throw error
          const { message, offset } = error
          expect(message).toMatch(/^[a-z {}[\]:,]+$/)
          if (message === 'expected an object here') return
          expect(expected).toBeUndefined()
          expect(isBeginning(text.slice(0, offset))).toBe(true)
        }
      }),
      { numRuns: 20_000 },
    )
    expect(taken).toBeGreaterThan(1000)
  })

  it('takes for a no what goes deeper than RunMat reads', async () => {
    for (const [depth, by] of [
      [126, 'project_settings'],
      [127, 'invalid_settings'],
      [20_000, 'invalid_settings'],
    ] as const) {
      const home = tempHome()
      const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`
      home.write('runmat.json', `{"a": ${deep}, "enabled": 1, "telemetry": {"enabled": false}}`)
      const { code, out } = await command(environmentIn(home.path), ['status', '--json'])
      expect(code).toBe(0)
      expect(JSON.parse(out)).toMatchObject({ decided_by: by })
    }
  })

  it('says where the first fault is in a file with a second one', async () => {
    const home = tempHome()
    home.write('runmat.json', '{"a": 1, "a": 2,\n "b" 3}')
    const { code, out } = await command(environmentIn(home.path), ['status'])
    expect(code).toBe(0)
    expect(out).toContain('runmat.json:2')
    expect(out).toContain('invalid JSON: expected : here')
  })
})

/** Could it go on and be JSON? */
function isBeginning(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const atEnd = new RegExp(`end of JSON input|position ${text.length}\\b`)
    return atEnd.test((error as Error).message)
  }
}
