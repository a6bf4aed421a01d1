import { randomUUID } from 'node:crypto'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { eventContracts, recognise } from '../../src/contract/contracts.ts'
import { eraseContract, mostErasedEvents } from '../../src/contract/erase.ts'
import { runmat } from '../../src/product/runmat.ts'

const contract = eraseContract(runmat)
const ids = fc.array(fc.uuid({ version: 4 }), { minLength: 1, maxLength: mostErasedEvents })

const request = fc.oneof(
  fc.record({ uuid: fc.uuid({ version: 4 }), cid: fc.uuid({ version: 4 }) }),
  fc.record({ uuid: fc.uuid({ version: 4 }), events: ids }),
)

describe('a request to erase', () => {
  it('is no event: nothing that sends events recognizes it', () => {
    fc.assert(
      fc.property(request, (fields) => {
        const text = contract.serialise({ event_label: 'telemetry.erase', ...fields }) ?? ''
        expect(JSON.parse(text)).toEqual({ event_label: 'telemetry.erase', ...fields })
        expect(recognise(eventContracts(runmat), text)).toBeUndefined()
        expect(contract.recognise(JSON.parse(text))).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })

  it('names at most 500 events, by nothing but random UUIDs', () => {
    const faultIn = (events: unknown) =>
      contract.faultIn({ event_label: 'telemetry.erase', uuid: randomUUID(), events })?.field
    const many = Array.from({ length: mostErasedEvents }, () => randomUUID())
    expect(faultIn(many)).toBeUndefined()
    for (const events of [[], [...many, randomUUID()], 'all', [1], ['../..'], [[randomUUID()]]]) {
      expect(faultIn(events)).toBe('events')
    }
  })
})
