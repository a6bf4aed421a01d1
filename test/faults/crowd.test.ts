import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { readLedger } from '../../src/store/ledger.ts'
import type { Stats } from '../../src/store/stats.ts'
import type { Script, Step } from '../programs/host.ts'
import { fillQueue, namesIn, queueContent } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { cli, cliJson } from '../support/run.ts'
import { runner, together, type Runner } from '../support/together.ts'
import { faultHome, host, idsAt, library, settle, stage, uploader } from './stage.ts'

/** A host that does these things, and waits for the others where it says so. */
function waitingHost(home: Home, version: string, steps: readonly Step[]): Runner {
  const script: Script = { library, version, steps }
  return runner(process.execPath, [program('host'), JSON.stringify(script)], home)
}

const statsOf = (home: Home) => JSON.parse(home.read(path.join(home.state, 'stats.json'))) as Stats

/** Counts that a host could not wait for are added by the next one that has the time. */
async function foldPostponed(home: Home): Promise<void> {
  await eventually(async () => {
    await host(home, { steps: [['capabilities', {}]] })
    expect(namesIn(path.join(home.state, 'counts'))).toEqual([])
  })
}

const silence = { code: 0, signal: null, out: 'ready ', err: '' }

describe('a crowd', () => {
  it('of 100 hosts and 20 uploaders sends every event once, and counts exactly', async () => {
    const { home, collector } = await stage({ answer: { status: 204, afterMs: 5 } })
    settle(home, { sequence: 50 })
    const before = fillQueue(home, 50)
    // Each has found its way about before, so that they all are at the file when all go.
    const each: readonly Step[] = [
      ['count', 'repl'],
      ['wait'],
      ['count', 'benchmark'],
      ['select', 'jit'],
      ['close'],
    ]
    const hosts = Array.from({ length: 100 }, (_, index) => waitingHost(home, `1.0.${index}`, each))
    const ends = together(hosts)
    await Promise.all(hosts.map(({ ready }) => ready))
    const uploaders = await Promise.all(Array.from({ length: 20 }, () => uploader(home)))
    expect(new Set(uploaders.map(({ code }) => code))).toEqual(new Set([0]))
    for (const end of await ends) expect(end).toEqual(silence)
    await nothingRuns(home)

    await foldPostponed(home)
    await nothingRuns(home)

    // So many processes at once can keep the collector of this test from answering in time. What was
    // posted then may have arrived or not, so that it is sent once more.
    const saved = home.read(path.join(home.state, 'uploads.json'))
    const isStarved = collector.abandoned.size > 0 || saved.includes('timeout')
    if (isStarved) {
      await eventually(async () => {
        await cli(home, ['upload'])
        expect(queueContent(home)).toEqual({})
      })
    }
    await together([waitingHost(home, '1.0.0', [['wait'], ['close']])])
    expect(queueContent(home)).toEqual({})
    expect(new Set(idsAt(collector)).size).toBe(before.length + 200)
    if (!isStarved) expect(collector.events).toHaveLength(before.length + 200)
    // An event whose answer had come was not sent again, or it would have been confirmed twice.
    const confirmed = readLedger(path.join(home.state, 'sent.ndjson')).filter(
      (line) => line.confirmed,
    )
    expect(
      confirmed.map(({ event }) => (event as { event_id: string }).event_id).toSorted(),
    ).toEqual([...new Set(idsAt(collector))].toSorted())
    const sequences = [
      ...new Set(collector.events.map(({ json }) => (json as { sequence: number }).sequence)),
    ]
    const inOrder = sequences.toSorted((a, b) => a - b)
    expect(inOrder).toEqual(Array.from({ length: 250 }, (_, index) => index + 1))
    expect(statsOf(home)).toMatchObject({
      sequence: 250,
      dropped: 0,
      subcommand_counts: { repl: 100, benchmark: 100 },
      selections: { jit: 100 },
    })
  }, 300_000)

  it('of hosts on a new machine shows the notice once and makes one id', async () => {
    const home = faultHome()
    const steps: readonly Step[] = [['wait'], ['count', 'run', 'success']]
    const hosts = Array.from({ length: 24 }, () => waitingHost(home, '1.0.0', steps))
    const ends = await together(hosts)
    expect(ends.map(({ code, out }) => `${code} ${out}`)).toEqual(ends.map(() => '0 ready '))
    expect(ends.filter(({ err }) => err !== '')).toHaveLength(1)

    // A count that had to be postponed is folded in by the next host.
    await together([waitingHost(home, '1.0.0', [['wait'], ['close']])])
    const stats = statsOf(home)
    expect(stats.subcommand_counts).toEqual({ run: 24, run_success: 24 })
    const events = Object.values(queueContent(home)).map(
      (text) => JSON.parse(text) as { trigger: string; sequence: number; install_id: string },
    )
    // Every milestone was reached once, by the first process.
    expect(events.map(({ trigger }) => trigger).toSorted()).toEqual([
      'first_seen_for_install_id',
      'first_seen_for_version',
      'first_successful_run',
      'second_successful_run',
      'third_successful_run',
    ])
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5])
    expect(new Set(events.map(({ install_id }) => install_id)).size).toBe(1)
    expect(await cliJson(home, ['status'])).toMatchObject({
      client_id: events[0]?.install_id,
      queue: { events: 5, dropped: 0 },
    })
  }, 300_000)

  it('of 8 hosts that count all the time loses no count', async () => {
    const home = faultHome()
    settle(home)
    const counting = Array.from({ length: 50 }, (): readonly Step[] => [
      ['count', 'repl'],
      ['select', 'gpu'],
      ['count', 'run', 'failed_hir'],
    ])
    const steps: readonly Step[] = [['wait'], ...counting.flat()]
    await together(Array.from({ length: 8 }, () => waitingHost(home, '1.0.0', steps)))
    await foldPostponed(home)
    expect(statsOf(home)).toMatchObject({
      sequence: 1,
      subcommand_counts: { repl: 400, run: 400, run_failed_hir: 400 },
      selections: { gpu: 400 },
    })
  }, 300_000)
})
