import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { checkObject } from '../../../infra/udp-forwarder/src/datagram.ts'

function check(text: string, deepest = 1000): 'object' | 'nested' | 'not json' {
  return checkObject(Buffer.from(text), deepest) ?? 'object'
}

/** The oracle: Node’s own parser. */
function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const spice = fc.constantFrom(
  ...Array.from('{}[]",:\\/u0123456789.eE+-truefalsn \t\n\r\0\u000b\u00a0\ufeffé'),
)

describe('a datagram', () => {
  it('that is damaged JSON is accepted exactly if JSON.parse reads an object', () => {
    const damaged = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.nat(2), fc.array(spice, { maxLength: 3 }))
      .map(([json, where, gone, added]) => {
        const text = `{"a":${json}}`
        const at = where % (text.length + 1)
        return text.slice(0, at) + added.join('') + text.slice(at + gone)
      })
      .filter((text) => !/\p{Surrogate}/u.test(text))
    fc.assert(
      fc.property(damaged, (text) => {
        expect(check(text) === 'object').toBe(isObject(text))
      }),
      { numRuns: 3000 },
    )
  })

  it('made of JSON tokens is accepted exactly if JSON.parse reads an object', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      '"\\ud800"',
      '0',
      '-0',
      '01',
      '1.5',
      '1.',
      '.5',
      '-',
      '1e5',
      '1E+',
      '-1e-9',
      'true',
      'nul',
      'null',
      ' ',
      '\n',
      '"\t"',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = `{"k":${parts.join('')}}`
        expect(check(text) === 'object').toBe(isObject(text))
      }),
      { numRuns: 5000 },
    )
  })

  it.each(['', ' ', '[]', '1', 'null', '{', '{}x', '{}{}', '{"a":1,}', '{,}', '{a:1}', "{'a':1}"])(
    'with %j is not JSON',
    (text) => expect(check(text)).toBe('not json'),
  )

  it('may nest up to the limit, even if it is not valid JSON', () => {
    const nested = (depth: number) => '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1)
    expect(check(nested(32), 32)).toBe('object')
    expect(check(nested(33), 32)).toBe('nested')
    expect(check('{"a":"[[[[[["}', 1)).toBe('object')
    expect(check(`{"a":${'['.repeat(60_000)}`, 32)).toBe('nested')
  })
})
