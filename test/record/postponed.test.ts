import { mkdirSync, readdirSync, utimesSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { foldPostponed, recordUsage } from '../../src/record/record-usage.ts'
import { assess } from '../../src/settings/context.ts'
import { removeLeftovers } from '../../src/store/cleanup.ts'
import { postpone } from '../../src/store/postponed.ts'
import { readStats } from '../../src/store/stats.ts'
import { faultHome, host, settle } from '../faults/stage.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'
import { environmentIn } from '../support/in-process.ts'
import { executable } from '../support/run.ts'

const count = JSON.stringify({
  at: '2026-01-01T00:00:00Z',
  mayLeave: true,
  input: { subcommand: 'repl' },
})

const leftovers: Readonly<Record<string, (home: Home, counts: string) => void>> = {
  'an empty folder': (_, counts) => mkdirSync(counts, { recursive: true }),
  'a file that is not whole': (home, counts) => home.write(path.join(counts, '1.json.7.x.tmp'), ''),
  'a count that was added already': (home, counts) => {
    settle(home, { folded: ['1.json'] })
    home.write(path.join(counts, '1.json'), count)
  },
  'a folder with the name of a count that was added': (home, counts) => {
    settle(home, { folded: ['1.json'] })
    home.write(path.join(counts, '1.json', 'x'), '')
  },
}

function world() {
  const home = faultHome()
  settle(home)
  const context = assess(runmat, environmentIn(home.path), '1.0.0')
  return { home, context, counts: path.join(home.state, 'counts') }
}

describe('what a killed host has left among the postponed counts', () => {
  it.each(Object.entries(leftovers))('holds nobody up (%s)', (_, leave) => {
    const { home, context, counts } = world()
    leave(home, counts)
    expect(context.verdict.collecting).toBe(true)
    expect(foldPostponed(context, { waitMs: 0, forMs: 60_000 })).toEqual([])
  })

  it('goes with the next count, if it is an empty folder', () => {
    const { home, context, counts } = world()
    mkdirSync(counts, { recursive: true })
    recordUsage(context, '1.0.0', { subcommand: 'repl' }, () => true)
    expect(home.has(counts)).toBe(false)
  })

  it('goes when it is old, with its folder', () => {
    const { home, context, counts } = world()
    const file = home.write(path.join(counts, '1.json.7.x.tmp'), '')
    removeLeftovers(context.paths)
    expect(home.has(file)).toBe(true)
    const before = Date.now() / 1000 - 2 * 60 * 60
    utimesSync(file, before, before)
    removeLeftovers(context.paths)
    expect(home.has(counts)).toBe(false)
  })
})

describe('counts that nobody can add', () => {
  it('do not fill up the disk', () => {
    const { home, counts } = world()
    const stats = path.join(home.state, 'stats.json')
    for (let at = 0; at < 10_000; at += 1) home.write(path.join(counts, `${at}.json`), '')
    postpone(stats, 1, {})
    expect(readdirSync(counts)).toHaveLength(10_000)
  })
})

describe('a postponed count that the disk fails to read', () => {
  it.skipIf(executable !== undefined)('is added later', async () => {
    const { home, counts } = world()
    const file = home.write(path.join(counts, '1.json'), count)
    const steps = [['count', 'repl']] as const
    const env = withFsFaults(home, { fail: /open .*counts.*json$/ })
    expect(await host(home, { steps }, { env })).toMatchObject({ code: 0, out: '', err: '' })
    expect(home.has(file)).toBe(true)
    await host(home, { steps })
    const reading = readStats(path.join(home.state, 'stats.json'))
    expect(reading).toMatchObject({ stats: { subcommand_counts: { repl: 3 } } })
    expect(home.has(counts)).toBe(false)
  })
})
