import { readFileSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { previewTrigger, usageContract } from '../../src/contract/usage.ts'
import { runmat } from '../../src/product/runmat.ts'
import { tempHome } from '../support/home.ts'
import { cli, root } from '../support/run.ts'
import { spoilt, usageEvents } from './events.ts'
import { fits } from './json-schema.ts'

const text = readFileSync(path.join(root, 'schemas/usage.json'), 'utf8')
const schema = JSON.parse(text) as Record<string, unknown>
const events = usageEvents(runmat)

describe('schemas/usage.json', () => {
  it('is what print --schema prints', async () => {
    expect((await cli(tempHome(), ['print', '--schema'])).out).toBe(text)
  })

  it('takes every event that the builder builds', () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(fits(schema, event)).toBe(true)
      }),
    )
  })

  it('takes and refuses what the contract takes and refuses', () => {
    const { recognise } = usageContract(runmat)
    fc.assert(
      fc.property(events.chain(spoilt), (event) => {
        const maySend = fits(schema, event) && event['trigger'] !== previewTrigger
        expect(recognise(event) !== undefined).toBe(maySend)
      }),
      { numRuns: 1000 },
    )
  })
})
