import { isDeepStrictEqual } from 'node:util'

import * as fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'

import { areSame } from '../../src/settings/same-values.ts'

describe('values that were read', () => {
  it('are the same if Node says so', () => {
    const value = fc.jsonValue({ depthSize: 'small' })
    const pair = fc.oneof(
      fc.tuple(value, value),
      value.map((one) => [one, structuredClone(one)] as const),
    )
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(areSame(one, other)).toBe(isDeepStrictEqual(one, other))
      }),
    )
  })

  it.each([
    ['1', 1n, 1],
    ['0', 0, -0],
    ['not a number', Number.NaN, Number.NaN],
    ['no prototype', Object.create(null), {}],
    ['undefined', { one: undefined }, { other: undefined }],
    ['a list', [], {}],
    ['null', null, {}],
    ['__proto__', JSON.parse('{"__proto__": {}}'), {}],
  ])('differ as they do for Node: %s', (_, one, other) => {
    expect(areSame(one, other)).toBe(isDeepStrictEqual(one, other))
  })

  it('differ where a date is written in another way', () => {
    const [utc, offset, local, day] = [
      '2026-01-02T00:00:00Z',
      '2026-01-02T01:00:00+01:00',
      '2026-01-02T00:00:00',
      '2026-01-02',
    ].map((text) => parse(`when = ${text}`))
    expect(areSame(utc, parse('when = 2026-01-02T00:00:00Z'))).toBe(true)
    expect([offset, local, day].map((other) => areSame(utc, other))).toEqual([false, false, false])
  })
})
