import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseRetryAfter } from '../../src/contract/retry-after.ts'

const now = Date.UTC(2026, 2, 4, 5, 6, 7)
const day = 24 * 60 * 60 * 1000

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['1', 1000],
    [' 120 ', 120_000],
    ['007', 7000],
    ['86400', day],
    ['86401', day],
    ['9'.repeat(400), day],
    ['Wed, 04 Mar 2026 05:07:07 GMT', 60_000],
    ['Wednesday, 04-Mar-26 05:07:07 GMT', 60_000],
    ['Wed Mar  4 05:07:07 2026', 60_000],
    ['Wed, 04 Mar 2026 05:06:07 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', day],
  ])('%j is %i ms', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected)
  })

  it.each([
    undefined,
    '',
    ' ',
    '-5',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    '5s',
    '5, 6',
    'soon',
    'NaN',
    'Infinity',
    '2026-03-04T05:07:07Z',
    'March 2026',
    'Wed, 99 Xyz 2026 05:07:07 GMT',
    'Wed, 04 Mar 2026 05:07:07 PST',
  ])('%j asks for nothing', (header) => {
    expect(parseRetryAfter(header, now)).toBeUndefined()
  })

  it('is limited to a day', () => {
    const dates = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString())
    fc.assert(
      fc.property(fc.oneof(fc.string(), dates, fc.nat().map(String)), fc.nat(), (header, time) => {
        const wait = parseRetryAfter(header, time)
        expect(wait === undefined || (wait >= 0 && wait <= day)).toBe(true)
      }),
    )
  })
})
