import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { cliJson, root } from '../support/run.ts'
import { sender } from '../e2e/forget-scene.ts'
import { commonWordsIn, keysOf, wordsOf } from './mdoc.ts'

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

describe.concurrent('the man page names exactly the keys of', () => {
  const common = commonWordsIn(page)

  it.each([
    ['enable', ['enable'], common],
    ['disable', ['disable', '--forget'], common],
    ['endpoint', ['endpoint', 'https://example.invalid/t'], common],
    ['local', ['local'], common],
    ['completion', ['completion', 'bash'], []],
  ])('%s --json', async (name, args, shared) => {
    const keys = Object.keys(await cliJson(tempHome(), args))
    expect(keys.toSorted()).toEqual([...keysOf(page, name), ...shared].toSorted())
  })

  it('endpoint --json where nothing is changed', async () => {
    const changing = new Set(['changed', 'wiped'])
    const keys = keysOf(page, 'endpoint').filter((key) => !changing.has(key))
    expect(Object.keys(await cliJson(tempHome(), ['endpoint']))).toEqual(keys)
  })

  it('record --json', async () => {
    const input = '{"subcommand": "run", "outcome": "success"}'
    const keys = Object.keys(await cliJson(tempHome(), ['record', 'usage'], { input }))
    expect(keys).toEqual(keysOf(page, 'record'))
  })

  it('view --json', async () => {
    const home = tempHome()
    const file = home.at('page.html')
    expect(await cliJson(home, ['view', '--export', file])).toEqual({ file, replaced: false })
    // Without a file it prints the address and does not end.
    expect(keysOf(page, 'view')).toEqual(['url', 'file', 'replaced'])
  })

  it('forget --json', async () => {
    const { home, collector } = await sender(204)
    const ledger = path.join(home.state, 'sent.ndjson')
    home.write(ledger, `${home.read(ledger)}${JSON.stringify(sent)}\n`)
    const answer = await cliJson(home, ['forget', '--yes'])
    const keys = new Set(keysIn(answer))
    expect([...keys].toSorted()).toEqual([...new Set(keysOf(page, 'forget')), ...common].toSorted())
    await collector.stop()
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
