import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { cliJson, root } from '../support/run.ts'
import { wordsOf } from './mdoc.ts'

const page = readFileSync(path.join(root, 'man/runmat-telemetry.1'), 'utf8')

const since = { since: '2026-01-01T00:00:00Z', endpoint: 'https://example.invalid/t' }

describe.concurrent('the man page names each key of', () => {
  it.each([
    ['status', ['status']],
    ['log', ['log']],
    ['upload', ['upload']],
    ['doctor', ['doctor']],
  ])('%s --json', async (name, args) => {
    const home = tempHome()
    // So that nothing is null or empty that could hold more keys.
    home.write(path.join(home.state, 'erase.json'), JSON.stringify(since))
    home.write(path.join(home.state, 'sent.ndjson'), `${JSON.stringify(sent)}\n`)
    const found = await cliJson(home, args)
    const names = [...new Set(keysIn(name === 'log' ? [withoutEvent(found)] : found))]
    expect(names.length).toBeGreaterThan(1)
    expect(names.filter((key) => !wordsOf(page, name).includes(key))).toEqual([])
  })
})

const sent = {
  sent_at: '2026-01-01T00:00:00Z',
  endpoint: 'https://example.invalid/t',
  event: {},
  via: 'http',
  confirmed: true,
}

/** What an event holds is for the dictionary to say. */
function withoutEvent(found: unknown): unknown {
  const [line] = found as (typeof sent)[]
  return { ...line, event: null }
}

function keysIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner)])
}
