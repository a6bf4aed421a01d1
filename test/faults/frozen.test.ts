import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { thisProcess } from '../../src/store/lock-holder.ts'
import type { Stats } from '../../src/store/stats.ts'
import { cli } from '../support/run.ts'
import { namesIn, queueContent } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'
import { program } from '../support/programs.ts'
import { run } from '../support/run.ts'
import type { Play } from '../programs/runner.ts'
import { host, library, settle, stage as stageWithUdp } from './stage.ts'

/** Runs would send datagrams to the built-in address. */
async function stage(options = {}) {
  const staged = await stageWithUdp(options)
  const { home } = staged
  home.write(home.settings, `${home.read(home.settings)}udp_endpoint = ""\n`)
  return staged
}

const stats = (home: Home) => path.join(home.state, 'stats.json')
const statsOf = (home: Home) => JSON.parse(home.read(stats(home))) as Stats

/** A process that lives, has the statistics, and does not go on: this one. */
const freeze = (home: Home) => home.write(`${stats(home)}.lock`, thisProcess())

describe('while a frozen process holds the statistics', () => {
  it('a host does not wait, and the next one adds its counts', async () => {
    const { home } = await stage()
    settle(home)
    const lock = freeze(home)
    const timing = home.at('timing')
    const steps = [
      ...Array.from({ length: 9 }, () => ['count', 'repl'] as const),
      ['count', 'benchmark'] as const,
    ]
    expect(await host(home, { steps, timing })).toMatchObject({ code: 0, err: '' })
    // Ten calls, each of which waits for 40 ms and writes a file of its own.
    expect(Number(readFileSync(timing, 'utf8'))).toBeLessThan(10 * 250)
    expect(statsOf(home).subcommand_counts).toEqual({})
    expect(namesIn(path.join(home.state, 'counts'))).toHaveLength(10)

    rmSync(lock)
    await host(home, { steps: [['count', 'repl']] })
    expect(statsOf(home)).toMatchObject({
      subcommand_counts: { repl: 10, benchmark: 1 },
      folded: expect.any(Array) as readonly string[],
    })
    expect(namesIn(home.state).toSorted()).toEqual(['queue', 'stats.json'])
    const events = Object.values(queueContent(home)).map((text) => JSON.parse(text) as object)
    expect(events).toMatchObject([
      { trigger: 'first_seen_for_version', sequence: 1, subcommand_counts: { repl: 1 } },
      { trigger: 'benchmark', sequence: 2, subcommand_counts: { repl: 9, benchmark: 1 } },
    ])
  })

  it('counts are added once, although their files could not be removed', async () => {
    const { home } = await stage()
    settle(home)
    const lock = freeze(home)
    await host(home, { steps: [['count', 'repl']] })
    const [name = ''] = namesIn(path.join(home.state, 'counts'))
    const file = path.join(home.state, 'counts', name)
    const content = home.read(file)
    rmSync(lock)
    await host(home, { steps: [['count', 'repl']] })
    // As a host leaves it that was killed before it had removed the file.
    expect(statsOf(home)).toMatchObject({ subcommand_counts: { repl: 2 }, folded: [name] })
    home.write(file, content)
    await host(home, { steps: [['count', 'repl']] })
    expect(statsOf(home).subcommand_counts).toEqual({ repl: 3 })
  })

  it.each([
    '{',
    'null',
    '[]',
    '{"at":1}',
    '{"at":"2026-01-01T00:00:00Z","input":null}',
    'x'.repeat(20_000),
  ])('a damaged count (%.30j) is skipped', async (content) => {
    const { home } = await stage()
    settle(home)
    home.write(path.join(home.state, 'counts', '1.json'), content)
    await host(home, { steps: [['count', 'repl']] })
    expect(statsOf(home).subcommand_counts).toEqual({ repl: 1 })
    expect(namesIn(home.state).toSorted()).toEqual(['queue', 'stats.json'])
  })

  it('the events of a run are still queued', async () => {
    const { home } = await stage({ answer: 503 })
    settle(home)
    freeze(home)
    const play: Play = { library, end: 'close' }
    await run(process.execPath, [program('runner'), JSON.stringify(play)], home)
    const labels = Object.values(queueContent(home)).map(
      (text) => (JSON.parse(text) as { event_label?: string }).event_label ?? '',
    )
    expect(labels).toEqual(expect.arrayContaining(['runtime.run.finished', 'runtime.run.started']))
  })

  it('the first run on a machine sends nothing', async () => {
    const { home, collector } = await stage()
    home.write(stats(home), '')
    freeze(home)
    const play: Play = { library, end: 'close' }
    await run(process.execPath, [program('runner'), JSON.stringify(play)], home)
    expect(collector.requests).toBe(0)
    expect((await cli(home, ['status'])).code).toBe(0)
  })
})

it('a host that is frozen right before it gives the statistics back lets nobody into another one’s turn', async () => {
  const { home } = await stage()
  settle(home)
  await host(home, { steps: [['count', 'repl']] })
  const lock = `${stats(home)}.lock`
  const countAfter = (call: RegExp, go: string) =>
    host(home, { steps: [['count', 'repl']] }, { env: withFsFaults(home, { hold: { call, go } }) })
  const frozen = countAfter(/remove .*stats\.json\.lock$/, home.at('go'))
  await eventually(() => expect(home.has('go.held')).toBe(true))
  // The others postpone their counts until one of them takes the lock over, and has it in its turn.
  const second: Promise<unknown>[] = []
  await eventually(async () => {
    const one = countAfter(/rename .*tmp -> .*stats\.json$/, home.at('second'))
    second.push(one)
    const isHeld = eventually(() => expect(home.has('second.held')).toBe(true))
    await Promise.race([one, isHeld.catch(() => undefined)])
    expect(home.has('second.held')).toBe(true)
  })
  home.write('go', '')
  await frozen
  expect(home.has(lock)).toBe(true)
  home.write('second', '')
  await Promise.all(second)
  await eventually(async () => {
    await host(home, { steps: [['count', 'benchmark']] })
    expect(statsOf(home).subcommand_counts['repl']).toBe(2 + second.length)
  })
  expect(home.has(lock)).toBe(false)
})
