import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Schema } from '../../../infra/common/src/events/schema.ts'
import { type Findings, shapeOf } from '../../../infra/common/src/events/shape.ts'
import { contracts, finished, install, started, usage } from './support/events.ts'

const shaped = contracts.map((contract) => ({
  contract,
  shape: shapeOf(contract.schema as Schema),
}))
const bases = [finished(), started(), install(), usage()].map(
  (bytes) => JSON.parse(bytes) as object,
)

/** Arbitrary JSON, or almost an event: one event's values in another's fields. */
const oddValue = fc.oneof(
  fc.jsonValue(),
  fc.double(),
  fc.constantFrom(...bases.flatMap((base) => Object.values(base) as unknown[])),
)
const claim = fc
  .tuple(
    fc.constantFrom(...bases),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom(...bases.flatMap((base) => Object.keys(base)))),
      oddValue,
      { maxKeys: 4 },
    ),
    fc.constantFrom('', 'payload', 'counters', 'platform', 'subcommand_counts'),
  )
  .map(([base, changes, within]) => {
    const inner = (base as Record<string, unknown>)[within]
    return within !== '' && typeof inner === 'object'
      ? { ...base, [within]: { ...inner, ...changes } }
      : { ...base, ...changes }
  })

describe('a shape', () => {
  it('fits exactly as the contract does', () => {
    fc.assert(
      fc.property(fc.oneof(claim, fc.jsonValue(), fc.anything()), (given) => {
        for (const { contract, shape } of shaped) {
          const fitted = shape.fit(given, { dropped: 0, fault: undefined })
          expect(fitted && JSON.stringify(fitted)).toBe(contract.serialise(given))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is exact for what the contract would not change', () => {
    fc.assert(
      fc.property(claim, (given) => {
        const text = JSON.stringify(given)
        const parsed = JSON.parse(text) as unknown
        for (const { contract, shape } of shaped) {
          expect(shape.isExact(parsed)).toBe(contract.serialise(parsed) === text)
        }
      }),
      { numRuns: 500 },
    )
  })

  const { shape } = shaped.find(({ contract }) => contract.title.endsWith('finished'))!
  const base = JSON.parse(finished()) as { payload: object }
  it.each([
    [{ ...base, session_id: undefined }, 'session_id'],
    [{ ...base, session_id: 5, uuid: 7 }, 'uuid'],
    [{ ...base, payload: { ...base.payload, duration_us: '1' } }, 'payload.duration_us'],
    [{ ...base, payload: [] }, 'payload'],
    [
      { ...base, run_kind: 'lunch', payload: { ...base.payload, provider: { device: 1 } } },
      'run_kind',
    ],
  ])('says which field is at fault: %#', (given, fault) => {
    const findings: Findings = { dropped: 0, fault: undefined }
    expect(shape.fit(given, findings)).toBeUndefined()
    expect(findings.fault).toBe(fault)
  })

  it.each([
    [{ ...base }, 0],
    [{ ...base, cid: null }, 0],
    [{ ...base, cid: 'me', more: 1, most: {} }, 3],
    [{ ...base, payload: { ...base.payload, error: 'cannot open /home/me', x: 1 } }, 2],
    [{ ...base, payload: { ...base.payload, provider: { device: { name: 'A', serial: 1 } } } }, 1],
    [{ ...base, payload: { ...base.payload, provider: { device: 5 } } }, 1],
  ])('counts what it drops: %#', (given, dropped) => {
    const findings: Findings = { dropped: 0, fault: undefined }
    expect(shape.fit(given, findings)).toBeDefined()
    expect(findings).toEqual({ dropped, fault: undefined })
  })
})
