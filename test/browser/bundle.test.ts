import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createBrowserTelemetry } from '../../src/entry/browser.ts'
import { quietly } from '../../src/browser/page.ts'
import { root } from '../support/run.ts'
import { anyFinish, anyStart } from './arbitrary.ts'
import { asInBrowser, expected, fullFinish, nothingKnown, usualStart } from './facts.ts'

const file = path.join(root, 'dist/browser.js')
const bundle = readFileSync(file)
const built = (await import(/* @vite-ignore */ file)) as {
  readonly createBrowserTelemetry: typeof createBrowserTelemetry
}

const elsewhere = { os: 'other', arch: 'other' }

describe('the bundle for browsers', () => {
  it('is at most 5 KiB on the wire', () => {
    expect(gzipSync(bundle, { level: 9 }).length).toBeLessThanOrEqual(5120)
  })

  it('is one file without imports', () => {
    expect(String(bundle)).not.toMatch(/\bimport\b|\brequire\b|node:|\bprocess\b|\bBuffer\b/)
  })

  it('contains only the part of the product that a browser needs', () => {
    expect(String(bundle)).not.toMatch(/first_seen|GITHUB_ACTIONS|Whether it|config\.toml/)
  })
})

describe.each([
  ['the source', createBrowserTelemetry],
  ['the bundle', built.createBrowserTelemetry],
])('%s', (_, create) => {
  const telemetry = create({
    telemetryId: 'eac98648-3b42-41c7-a887-7452dd08cbf0',
    version: '0.6.1',
  })

  it('makes the bytes that the library for Node makes', () => {
    const bytes = telemetry.preview(usualStart, fullFinish)
    expect(bytes).toContain('"cid":"eac98648-3b42-41c7-a887-7452dd08cbf0"')
    expect(bytes).toContain('"runtime.failure.component":"name_resolution"')
    expect(bytes).toBe(expected(bytes, usualStart, fullFinish, elsewhere))
  })

  it('makes the same bytes for any input of a host', () => {
    fc.assert(
      fc.property(anyStart, anyFinish, (start, finish) => {
        const bytes = telemetry.preview(start, finish)
        const model = bytes === '' ? nothingKnown : bytes
        const inNode = quietly(() => expected(model, start, asInBrowser(finish), elsewhere))
        expect(bytes).toBe(inNode ?? '')
      }),
      { numRuns: 1000 },
    )
  })
})
