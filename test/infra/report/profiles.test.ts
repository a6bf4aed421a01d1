import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Profiles } from '../../../infra/report/src/duckdb/profiles.ts'
import { flags, texts } from '../../../infra/report/src/facts/columns.ts'
import type { Profile } from '../../../infra/report/src/facts/facts.ts'

const base = Object.fromEntries([
  ...texts.map((name) => [name, 'unknown']),
  ...flags.map((name) => [name, 0]),
]) as unknown as Profile

describe('the numbers of profiles', () => {
  it.each([...texts, ...flags])('tell two apart that differ in %s alone', (name) => {
    const profiles = new Profiles()
    const other = { ...base, [name]: typeof base[name] === 'number' ? 1 : 'unknowe' }
    const numbers = [base, other, { ...base }, { ...other }].map((one) => profiles.numberOf(one))
    expect(numbers[0]).not.toBe(numbers[1])
    expect(numbers.slice(2)).toEqual(numbers.slice(0, 2))
  })

  it('never stand for another profile, however many there are', () => {
    const some = fc.record({
      code: fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('RunMat:A', 'RunMat:B')),
      os: fc.constantFrom('linux', 'macos'),
      counts: fc.string({ maxLength: 5 }),
      failed: fc.constantFrom(0, 1),
    })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 200 }), (all) => {
        const profiles = new Profiles()
        const given = all.map((one) => ({ ...base, ...one }))
        const numbers = given.map((one) => profiles.numberOf(one))
        const table = new Map(profiles.takeFresh())
        for (const [at, number] of numbers.entries()) expect(table.get(number)).toEqual(given[at])
      }),
    )
  })

  it('are made once for the same profile, and memory has an end', () => {
    const profiles = new Profiles()
    const many = Array.from({ length: 100_000 }, (_, at) => ({ ...base, code: `RunMat:E${at}` }))
    for (const one of many) profiles.numberOf(one)
    expect(profiles.takeFresh()).toHaveLength(many.length)
    for (const one of many.slice(-100)) profiles.numberOf({ ...one })
    expect(profiles.fresh).toBe(0)
  })
})
