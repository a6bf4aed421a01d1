import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { parse, TomlDate, TomlError, type TomlTable, type TomlValue } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { removeKey, setKey } from '../../../src/settings/toml/edit.ts'
import { TomlFault } from '../../../src/settings/toml/fault.ts'
import { TomlEditError } from '../../../src/settings/toml/values.ts'
import { scan } from '../../../src/settings/toml/document.ts'
import { dice } from './dice.ts'
import { factsBeside, factsOf, locate } from './facts.ts'
import { nasty } from './nasty.ts'

const RUNS = { numRuns: 1000 }
const KEY = ['runtime', 'telemetry', 'enabled']

const LINES = [
  '[runtime]',
  '[runtime.telemetry]',
  '[runtime.telemetry.enabled]',
  '[runtime.other]',
  '[runtime.telemetry.other]',
  '[[runtime]]',
  '[[runtime.telemetry]]',
  '[[runtime.telemetry.enabled]]',
  '[[runtime.telemetry.others]]',
  '[[other]]',
  '[other.runtime.telemetry]',
  'a = 1',
  'enabled = true',
  'enabled.a = 1',
  'enabled = [{ enabled = 1 }]',
  'telemetry = 1',
  'telemetry = []',
  'telemetry = {}',
  'telemetry.a = 1',
  'telemetry.a.b = 1',
  'telemetry.enabled = "x"',
  'telemetry.enabled.a = 1',
  'telemetry = { a = 1, enabled = 1, }',
  'telemetry = [{ enabled = 1 }]',
  'runtime = 1979-05-27',
  'runtime = {}',
  'runtime.a = 1',
  'runtime.telemetry = {}',
  'runtime.telemetry.a = 1',
  'runtime.telemetry.enabled = 1',
  'runtime = { a = 1 }',
  'runtime = { telemetry = 1 }',
  'runtime = { telemetry = { a = 1 } }',
  'runtime = { telemetry.a = 1, a.telemetry = 1 }',
  'runtime = {\n  a = 1,\n  telemetry = {\n  # none\n  },\n}',
  'runtime = { telemetry = { enabled = 1 } }',
] as const

const TOKENS = [
  ...String.raw`[]{}=.,"'\#-:0 `.split(''),
  ...'\t\n\r\0\uFEFF\uD800\u2028'.split(''),
  ...KEY,
  '"""',
  "'''",
  '\r\n',
  '1979-05-27',
  'true',
]

const lines = fc
  .uniqueArray(fc.constantFrom(...LINES), { maxLength: 5 })
  .map((chosen) => `${chosen.join('\n')}\n`)

const tokens = fc
  .array(fc.oneof(fc.constantFrom(...TOKENS), fc.constantFrom(...LINES)), { maxLength: 30 })
  .map((chosen) => chosen.join(''))

/** A valid document with a piece missing or in another place. */
const damaged = fc
  .tuple(dice, fc.boolean(), fc.nat(1000), fc.nat(20), fc.nat(1000))
  .map(([rolls, isPresent, from, length, to]) => {
    const { text } = nasty(rolls, isPresent)
    const rest = text.slice(0, from) + text.slice(from + length)
    return rest.slice(0, to) + text.slice(from, from + length) + rest.slice(to)
  })

const isTable = (value: TomlValue | undefined): value is TomlTable =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof TomlDate)

type Kind = 'blocked' | 'missing' | 'table' | 'value'

/** What stands where the key goes, according to the parser. */
const kindAt = (text: string): Kind => {
  let value: TomlValue | undefined = parse(text)
  for (const part of KEY) {
    if (!isTable(value)) return 'blocked'
    value = value[part]
    if (value === undefined) return 'missing'
  }
  const isList = Array.isArray(value) && text.includes('[[runtime.telemetry.enabled]]')
  return isTable(value) || isList ? 'table' : 'value'
}

const OUTCOMES: Record<Kind, { set: string; remove: string; locate: string }> = {
  blocked: { set: 'refused', remove: 'unchanged', locate: 'undefined' },
  missing: { set: 'edited', remove: 'unchanged', locate: 'undefined' },
  table: { set: 'refused', remove: 'refused', locate: 'number' },
  value: { set: 'edited', remove: 'edited', locate: 'number' },
}

/** The error that a call throws; any but the two expected ones get through. */
const errorOf = (run: () => unknown): TomlError | TomlEditError | TomlFault | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    const isKnown = [TomlError, TomlEditError, TomlFault].some((kind) => error instanceof kind)
    if (isKnown) return error as TomlError | TomlEditError | TomlFault
    throw error
  }
}

const outcomeOf = (text: string, edit: () => string): string => {
  const error = errorOf(edit)
  if (error) return error instanceof TomlEditError ? 'refused' : 'rejected'
  const after = edit()
  if (after === text) return 'unchanged'
  const [old, now] = [text, after].map((toml) => factsBeside(KEY, factsOf(toml)).values)
  return isDeepStrictEqual(old, now) ? 'edited' : 'damaged'
}

const setIt = (text: string): string => setKey(text, KEY, 'new')

const removeIt = (text: string): string => removeKey(text, KEY)

describe('any mixture of TOML’s forms', () => {
  const valid = lines.filter((text) => errorOf(() => parse(text)) === undefined)

  it('is edited exactly if the parser sees room for the key', () => {
    const property = fc.property(valid, (text) => {
      expect({
        set: outcomeOf(text, () => setIt(text)),
        remove: outcomeOf(text, () => removeIt(text)),
        locate: typeof locate(text, KEY),
      }).toEqual(OUTCOMES[kindAt(text)])
    })
    fc.assert(property, RUNS)
  })
})

describe('any text', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), tokens, damaged)

  it('is never damaged', () => {
    const property = fc.property(anything, (text) => {
      expect(outcomeOf(text, () => setIt(text))).not.toBe('damaged')
      expect(outcomeOf(text, () => removeIt(text))).not.toBe('damaged')
    })
    fc.assert(property, RUNS)
  })

  it('is rejected with the error of the parser', () => {
    const property = fc.property(anything, (text) => {
      const error = errorOf(() => parse(text, { integersAsBigInt: true }))
      fc.pre(error !== undefined)
      expect(errorOf(() => setIt(text))).toEqual(error)
      expect(errorOf(() => removeIt(text))).toEqual(error)
      const { line, column, codeblock: excerpt } = error as TomlError
      expect(errorOf(() => locate(text, KEY))).toMatchObject({ line, column, excerpt })
    })
    fc.assert(property, RUNS)
  })

  it('is scanned to the end, even if it is not TOML', () => {
    const property = fc.property(anything, (text) => {
      expect(() => errorOf(() => scan(text))).not.toThrow()
    })
    fc.assert(property, RUNS)
  })
})
