import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { beforeAll, describe, expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { readStats } from '../../src/store/stats.ts'
import type { Step } from '../programs/host.ts'
import { namesIn, queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { cli, cliJson, run } from '../support/run.ts'
import { host, library, settle, stage } from './stage.ts'

interface Event {
  readonly sequence: number
  readonly trigger: string
  readonly first_seen: string
}

const file = (home: Home) => path.join(home.state, 'stats.json')

const queuedIn = (home: Home): readonly Event[] =>
  Object.values(queueContent(home)).map((text) => JSON.parse(text) as Event)

/** All that can be said in one run of a host: every milestone that there is for it. */
const everything = [
  ['count', 'run', 'success'],
  ['count', 'run', 'success'],
  ['count', 'benchmark'],
  ['milestone', 'project'],
] as const

type Damage = readonly [string, (file: string, text: string) => void]

const changed = (name: string, change: (stats: Record<string, unknown>) => unknown): Damage => [
  name,
  (where, text) =>
    writeFileSync(where, JSON.stringify(change(JSON.parse(text) as Record<string, unknown>))),
]

const damages: readonly Damage[] = [
  ['is empty', (where) => writeFileSync(where, '')],
  ...[1, 60, 200].map((length): Damage => [
    `is cut after ${length} bytes`,
    (where, text) => writeFileSync(where, text.slice(0, length)),
  ]),
  ['lacks its last byte', (where, text) => writeFileSync(where, text.trimEnd().slice(0, -1))],
  ['ends in a zero', (where, text) => writeFileSync(where, `${text.slice(0, -1)}\0`)],
  ['is noise', (where) => writeFileSync(where, Buffer.alloc(5000, 0xfe))],
  ['is all zeros, as after a power cut', (where) => writeFileSync(where, Buffer.alloc(400))],
  ['is a megabyte', (where, text) => writeFileSync(where, text.padEnd(1024 * 1024))],
  ['holds null', (where) => writeFileSync(where, 'null')],
  ['holds a list', (where) => writeFileSync(where, '[1,2,3]')],
  changed('counts in words', (stats) => ({ ...stats, subcommand_counts: { run: 'many' } })),
  changed('counts below zero', (stats) => ({ ...stats, selections: { jit: -1 } })),
  changed('has a fraction as a counter', (stats) => ({ ...stats, sequence: 0.5 })),
  changed('has a list of counters', (stats) => ({ ...stats, subcommand_counts: [1] })),
  changed('has text as its sequence number', (stats) => ({ ...stats, sequence: '1' })),
  changed('has text for the list of milestones', (stats) => ({ ...stats, fired: 'project' })),
  changed('has no counters', (stats) => ({ ...stats, subcommand_counts: undefined })),
  changed('is of no schema', (stats) => ({ ...stats, stats_schema_version: 0 })),
  ['is a folder', (where) => mkdirSync(where)],
  [
    'is a folder with something in it',
    (where) => {
      mkdirSync(where)
      writeFileSync(path.join(where, 'x'), '')
    },
  ],
  ['is a broken link', (where) => symlinkSync('nowhere', where)],
  ['is a pipe', (where) => execFileSync('mkfifo', [where])],
]

describe.concurrent('a stats.json that', () => {
  let past: Home

  /** A machine that has sent six events. */
  beforeAll(async () => {
    const { home } = await stage()
    await host(home, { steps: everything })
    await cli(home, ['upload'])
    past = home
  })

  it.each(damages)('%s is set aside and rebuilt', async (_, damage) => {
    const { home } = await stage()
    cpSync(past.state, home.state, { recursive: true })
    cpSync(past.clientId, home.clientId)
    const known = home.read(file(home))
    // The second time, something lies where the first was set aside.
    for (const round of [0, 1]) {
      rmSync(file(home), { recursive: true })
      damage(file(home), known)
      const steps: readonly Step[] = [
        // This version has been seen; what it has reached before, it does not reach again.
        ...everything,
        ['version', `1.0.${round + 1}`],
        ...everything,
      ]
      expect((await host(home, { steps })).code).toBe(0)
      expect(readStats(file(home)).kind).toBe('read')
      expect(namesIn(home.state).filter((name) => name.endsWith('.tmp'))).toEqual([])
      // After half a second without the processor, a host may leave a lock that nobody has signed.
      const beside = namesIn(home.state).filter((name) => /^stats\.json\.(?!lock$)/.test(name))
      expect(beside).toHaveLength(1)
      const events = queuedIn(home).slice(-3)
      expect(events.map(({ trigger }) => trigger)).toEqual([
        'first_seen_for_version',
        'benchmark',
        'project',
      ])
      const last = 6 + 3 * round
      expect(events.map(({ sequence }) => sequence)).toEqual([last + 1, last + 2, last + 3])
      expect(queuedIn(home)).toHaveLength(3 * (round + 1))
    }
  })

  it('is damaged does not disturb commands that only read', async () => {
    const { home } = await stage()
    home.write(file(home), '{"sequence":')
    expect(await cliJson(home, ['status'])).toMatchObject({ queue: { dropped: 0 } })
    expect((await cli(home, ['print'])).code).toBe(0)
    expect(home.read(file(home))).toBe('{"sequence":')
  })

  it.each([
    ['steady_since', 'steady_sin\u0001e'],
    ['steady_since', '2026-01-01T00:00:0\u0001Z'],
    ['counters_as_of', ''],
    ['first_seen', 'x'],
    ['first_seen', '2026-99-99T99:99:99Z'],
    ['sequence', Number.MAX_SAFE_INTEGER],
    ['sequence', 999_999_999_999],
  ])('has a damaged %s (%j) loses neither counts nor events', async (name, value) => {
    const { home } = await stage()
    await host(home, { steps: everything })
    const before = queuedIn(home)
    const known = JSON.parse(home.read(file(home))) as object
    home.write(file(home), JSON.stringify({ ...known, [name]: value }))
    const { code, out } = await cli(home, ['print'])
    expect(code).toBe(0)
    expect(Number.isNaN(Date.parse((JSON.parse(out) as Event).first_seen))).toBe(false)
    await host(home, { version: '1.0.1', steps: [['count', 'run', 'success']] })
    const events = queuedIn(home)
    expect(events.slice(0, before.length)).toEqual(before)
    // The third success is a milestone of its own.
    expect(events.slice(before.length).map(({ sequence }) => sequence)).toEqual([7, 8])
    expect(readStats(file(home))).toMatchObject({
      stats: { dropped: 0, subcommand_counts: { run: 3, benchmark: 1 } },
    })
  })

  it('a newer version wrote keeps its counters and additional fields', async () => {
    const { home } = await stage()
    await host(home, { steps: everything })
    const known = JSON.parse(home.read(file(home))) as object
    home.write(file(home), JSON.stringify({ ...known, stats_schema_version: 99, later: [1] }))
    await host(home, { steps: [['count', 'run']] })
    expect(JSON.parse(home.read(file(home)))).toMatchObject({
      stats_schema_version: 99,
      later: [1],
      subcommand_counts: { run: 3 },
    })
  })

  it('belongs to a deleted id starts over with the next event', async () => {
    const { home } = await stage()
    await host(home, { steps: everything })
    const before = queuedIn(home)
    rmSync(home.clientId)
    await host(home, { steps: [['count', 'repl']] })
    const after = queuedIn(home).filter((one) => !before.some((old) => isDeepStrictEqual(old, one)))
    expect(after).toMatchObject([
      { trigger: 'first_seen_for_install_id', sequence: 1, subcommand_counts: { repl: 1 } },
      { trigger: 'first_seen_for_version', sequence: 2 },
    ])
    expect(home.read(file(home))).not.toContain(home.read(home.clientId).trim())
  })

  it('is missing while events wait is rebuilt from them', async () => {
    const { home } = await stage()
    await host(home, { steps: everything })
    rmSync(file(home))
    await host(home, { steps: everything })
    expect(queuedIn(home).map(({ trigger }) => trigger)).toEqual(
      queuedIn(home)
        .map(({ trigger }) => trigger)
        .slice(0, 6),
    )
  })

  it.each<[string, (home: Home, text: string) => void]>([
    [
      'by the host that held them',
      (home, text) => {
        home.write(file(home), text)
        home.write(`${file(home)}.lock`, `{"pid":${deadPid()}`)
      },
    ],
    [
      'by the host that had locked them with a hard link',
      (home, text) => {
        const signed = text.replace(/(?<="pid": *)0/, '').replace(/"pid": +/, deadSignature)
        expect(signed).toHaveLength(text.length)
        home.write(file(home), signed)
        linkSync(file(home), `${file(home)}.lock`)
      },
    ],
    [
      'by a machine that lost its power',
      (home, text) => {
        const early = text.replace(
          /"counters_as_of":"[^"]+"/,
          '"counters_as_of":"2025-01-01T00:00:00Z"',
        )
        home.write(file(home), early)
      },
    ],
  ])('are older than the queue, left so %s, are caught up with', async (_, die) => {
    const { home } = await stage()
    await host(home, { steps: [['count', 'run']] })
    const known = home.read(file(home))
    // What these have queued, the statistics know nothing of.
    await host(home, { version: '1.0.1', steps: [['count', 'run']] })
    // An uploader at work could hold the file that is written now.
    await nothingRuns(home)
    die(home, known)
    await host(home, { version: '1.0.1', steps: [['count', 'run']] })
    await host(home, { version: '1.0.2', steps: [['count', 'run']] })
    expect(queuedIn(home).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4])
    expect(
      queuedIn(home).filter(({ trigger }) => trigger === runmat.milestones.firstRun),
    ).toHaveLength(1)
    expect(namesIn(home.state).filter((name) => name.startsWith('stats.json.'))).toEqual([])
  })

  it.each([
    ['compact', (stats: object) => JSON.stringify(stats)],
    ['indented', (stats: object) => JSON.stringify(stats, undefined, 2)],
    ['with its names in another order', (stats: object) => JSON.stringify({ z: 1, ...stats })],
  ])('another program has written %s is continued and never truncated', async (_, write) => {
    const { home } = await stage()
    await host(home, { steps: [['count', 'run']] })
    for (const round of [1, 2]) {
      home.write(file(home), write(JSON.parse(home.read(file(home))) as object))
      await host(home, {
        steps: [
          ['count', 'run'],
          ['count', 'run'],
        ],
      })
      expect(readStats(file(home))).toMatchObject({
        stats: { pid: 0, subcommand_counts: { run: 1 + 2 * round } },
      })
      expect(namesIn(home.state).toSorted()).toEqual(['queue', 'stats.json'])
    }
  })

  it('is locked by a dead process is taken over by one of many hosts, and no count is lost', async () => {
    const { home } = await stage()
    await host(home, { steps: [['count', 'run']] })
    home.write(`${file(home)}.lock`, `{"pid":${deadPid()}`)
    const many = Array.from({ length: 20 }, () => host(home, { steps: [['count', 'run']] }))
    for (const { code } of await Promise.all(many)) expect(code).toBe(0)
    expect(readStats(file(home))).toMatchObject({ stats: { subcommand_counts: { run: 21 } } })
  })
})

const deadSignature = () => `"pid":${String(deadPid()).padStart(10)}`

/** The PID of a process that has ended, and that no other process has taken since. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-v']).pid
}

it('statistics are whole after a limit has cut short what was written into them', async () => {
  const { home } = await stage()
  const count = { steps: [['count', 'repl']] } as const
  const fired = Array.from({ length: 100 }, (_, index) => `first_seen_for_version@0.0.${index}`)
  settle(home, { subcommand_counts: { repl: 8 }, fired: [...fired, 'first_seen_for_install_id'] })
  await host(home, { steps: [['count', 'repl'], ['close']] })
  const before = home.read(file(home))
  // The number gets one more digit, so everything after it moves; the limit is amid what moves.
  const script = JSON.stringify({ library, version: '1.0.0', ...count })
  const limited = ['-c', 'ulimit -f 3; exec "$@"', 'sh', process.execPath, program('host'), script]
  expect(await run('/bin/sh', limited, home)).toMatchObject({ code: 0, err: '' })
  expect(home.read(file(home))).toBe(before)
  await host(home, count)
  expect(readStats(file(home))).toMatchObject({ stats: { subcommand_counts: { repl: 10 } } })
  expect(namesIn(home.state)).not.toContain('stats.json.damaged')
})
