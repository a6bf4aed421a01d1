import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { editJson } from '../../src/settings/json-edit.ts'
import { JsonTextError, parseJsonText, parseJsonValue } from '../../src/settings/json-text.ts'
import { tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'

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
  it('accepts what JSON.parse accepts, except duplicate names', () => {
    fc.assert(
      fc.property(texts, (valid) => {
        expect(JSON.parse(JSON.stringify(parseJsonText(valid).value))).toEqual(JSON.parse(valid))
      }),
      { numRuns: 1000 },
    )
    for (const parse of [parseJsonText, parseJsonValue]) {
      expect(() => parse('{"a": 1, "\\u0061": 2}')).toThrow('twice')
      expect(() => parse('[{"b": "c\\":", "d": {"b": 1, "b": 2}}]')).toThrow('twice')
      expect(() => parse('{"b": {"a": 1}, "c": [{"a": 1}]}')).not.toThrow()
    }
  })

  it('rejects what JSON.parse rejects and quotes nothing of it', () => {
    const broken = fc.tuple(
      texts,
      fc.nat(),
      fc.constantFrom('', ',', '}', '"', "'", '//', '\u0000'),
    )
    fc.assert(
      fc.property(broken, ([valid, at, more]) => {
        const cut = at % (valid.length + 1)
        const odd = valid.slice(0, cut) + more + valid.slice(more === '' ? cut + 1 : cut)
        let isValid = true
        try {
          JSON.parse(odd)
        } catch {
          isValid = false
        }
        let isTaken = true
        try {
          parseJsonText(odd)
        } catch (error) {
          // This is said before the rest is read.
          if ((error as Error).message.includes('twice')) return
          isTaken = false
          expect(error).toBeInstanceOf(JsonTextError)
          expect((error as Error).message).toMatch(/^[a-z {}[\]:,]+$/)
        }
        expect(isTaken).toBe(isValid)
      }),
      { numRuns: 3000 },
    )
  })

  it('handles any depth', async () => {
    const home = tempHome()
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    home.write('runmat.json', `{"a": ${deep}, "enabled": 1, "telemetry": {"enabled": false}}`)
    const { code, out } = await command(environmentIn(home.path), ['status', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ decided_by: 'project_settings' })
  })
})
