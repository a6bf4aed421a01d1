import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'

import { createBrowserTelemetry } from '../../src/entry/browser.ts'
import { compile } from '../../src/browser/compile.ts'
import { runtimeContracts as tables } from '../../src/browser/contract.ts'
import { quietly } from '../../src/browser/quietly.ts'
import { runtimeContracts } from '../../src/contract/runtime.ts'
import { runmat } from '../../src/product/runmat.ts'
import { root } from '../support/run.ts'
import { anyFinish, anyStart, claims } from './arbitrary.ts'
import { asInBrowser, expected, fullFinish, nothingKnown, usualStart } from './facts.ts'

const file = path.join(root, 'dist/browser.js')
const bundle = readFileSync(file)
const built = (await import(/* @vite-ignore */ file)) as {
  readonly createBrowserTelemetry: typeof createBrowserTelemetry
}

const elsewhere = { platform: 'other', arch: 'other' }

describe('the bundle for browsers', () => {
  it('is at most 6 kB on the wire', () => {
    expect(gzipSync(bundle, { level: 9 }).length).toBeLessThanOrEqual(6144)
  })

  it('is one file that needs nothing else, least of all Node', () => {
    expect(String(bundle)).not.toMatch(/\bimport\b|\brequire\b|node:|\bprocess\b|\bBuffer\b/)
  })

  it('knows only what a browser needs of the product', () => {
    expect(String(bundle)).not.toMatch(/valibot|first_seen|GITHUB_ACTIONS|config\.toml/)
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

  it('does so whatever facts a host has', () => {
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

describe('the tables', () => {
  it.each(
    runtimeContracts(runmat).map((contract) => [contract.labels[0] ?? '', contract] as const),
  )('of %s give the schema’s bytes, whatever is claimed', (label, { labels, serialise }) => {
    const table = tables().find((one) => one.labels.includes(label))
    fc.assert(
      fc.property(claims(labels), (claim) => {
        expect(table?.serialise(claim)).toBe(serialise(claim))
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['any string', v.string()],
    ['a date', v.date()],
    ['a number without an end', v.pipe(v.number(), v.minValue(0))],
    ['a pattern that forgives', v.pipe(v.string(), v.regex(/a/i))],
    ['two patterns', v.pipe(v.string(), v.regex(/a/), v.regex(/b/))],
    [
      'a check of our own',
      v.pipe(
        v.boolean(),
        v.check((flag) => flag),
      ),
    ],
    ['an object that takes more', v.object({})],
    ['a default', v.nullable(v.boolean())],
  ])('refuse %s, which they could not hold', (_, schema) => {
    expect(() => compile(schema)).toThrow(Error)
  })
})
