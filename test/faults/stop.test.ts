import { randomUUID } from 'node:crypto'
import { appendFileSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as oneTurn } from 'node:timers/promises'

import { describe, expect, it } from 'vitest'

import { eventually } from '../support/eventually.ts'
import type { Answer } from '../support/collector.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'
import { isRunning, nothingRuns, processesOf, stateOf } from '../support/processes.ts'
import { cli, cliCommand, cliJson, executable, run } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'
import {
  faultHome,
  host,
  idsAt,
  sendTo,
  settle,
  stage,
  type Stage,
  fakeUploader,
  uploaderEnv,
  uploader as runUploader,
  uploaderCommand,
  uploaderIn,
  uploadsOf,
} from './stage.ts'

const events = 1000
const portion = 50
const inFlight = 8

interface Scene extends Stage {
  /** Of the uploader. */
  readonly pid: number
}

/** A host has started an uploader, which is in the middle of a thousand events. */
async function midway(answer: Answer, after: number): Promise<Scene> {
  const { home, collector } = await stage({ answer })
  settle(home, { sequence: events })
  // In portions, because the collectors of the other scenes answer from this process, too.
  for (let first = 1; first <= events; first += portion) {
    fillQueue(home, portion, first)
    await oneTurn()
  }
  await host(home, { steps: [['close']] })
  await collector.received(after)
  const pid = uploaderIn(home)
  expect(processesOf(home)).toEqual([pid])
  return { home, collector, pid }
}

/** Nothing is left that could send, and nothing comes, whatever one does. */
async function isOver({ home, collector, pid }: Scene): Promise<void> {
  expect(queueContent(home)).toEqual({})
  await eventually(() => expect(isRunning(pid)).toBe(false))
  await nothingRuns(home)
  // What was under way has come in when the dead one's connections are closed.
  await eventually(() => expect(collector.open).toBe(0))
  const { requests, connections } = collector
  collector.setAnswer(204)
  await cli(home, ['enable'])
  await cli(home, ['endpoint', '--reset'])
  sendTo(home, collector.url)
  const { uploader, wasStarted } = fakeUploader(home)
  await host(home, { uploader, steps: [['close']] })
  expect(wasStarted()).toBe(false)
  expect(await cliJson(home, ['upload'])).toMatchObject({ attempted: 0, kept: 0 })
  expect([collector.requests, collector.connections]).toEqual([requests, connections])
  expect(new Set(idsAt(collector)).size).toBe(collector.events.length)
}

/**
 * Runs a command that must not wait for an uploader that hangs: that would take minutes. The two seconds
 * that are promised where nobody else is at work are measured by the benchmark.
 */
async function promptly(home: Home, args: readonly string[]): Promise<Record<string, unknown>> {
  const started = performance.now()
  const answer = await cliJson(home, args)
  expect(performance.now() - started).toBeLessThan(20_000)
  return answer
}

describe.concurrent('disable ends an upload of a thousand events', () => {
  it('to a slow collector', async () => {
    const scene = await midway({ status: 204, afterMs: 200 }, 20)
    const { wiped } = await promptly(scene.home, ['disable'])
    expect(wiped).toBeGreaterThan(0)
    expect(scene.collector.requests).toBeLessThan(events)
    // It was told, and went by itself: why is in its books.
    expect(uploadsOf(scene.home).last_result).toMatch(/^off/)
    await isOver(scene)
  })

  it.each<[string, Answer]>([
    ['says nothing', { hang: 'before headers' }],
    ['stops within its headers', { hang: 'in headers' }],
    ['drips', { drip: 'body', everyMs: 10 }],
  ])('to a collector that %s', async (_, answer) => {
    const scene = await midway(answer, inFlight)
    await promptly(scene.home, ['disable'])
    expect(scene.collector.requests).toBe(inFlight)
    await isOver(scene)
  })

  it('whose uploader is suspended', async () => {
    const scene = await midway({ status: 204, afterMs: 20 }, 20)
    process.kill(scene.pid, 'SIGSTOP')
    await eventually(() => expect(stateOf(scene.pid)).toBe('T'))
    await promptly(scene.home, ['disable', '--forget'])
    expect(scene.home.has(scene.home.state)).toBe(false)
    await isOver(scene)
  })

  it('of which ten uploaders want to send', async () => {
    const scene = await midway({ status: 204, afterMs: 20 }, 20)
    const others = Array.from({ length: 10 }, () => runUploader(scene.home))
    await promptly(scene.home, ['disable'])
    await isOver(scene)
    expect((await Promise.all(others)).map(({ code }) => code)).toEqual(others.map(() => 0))
  })
})

describe.concurrent('endpoint "" ends an upload of a thousand events', () => {
  it('to a slow collector', async () => {
    const scene = await midway({ status: 204, afterMs: 200 }, 20)
    const { uploading } = await promptly(scene.home, ['endpoint', ''])
    expect(uploading).toBe(false)
    await isOver(scene)
  })

  it('to a collector that hangs', async () => {
    const scene = await midway({ hang: 'before headers' }, inFlight)
    await promptly(scene.home, ['endpoint', ''])
    expect(scene.collector.requests).toBe(inFlight)
    await isOver(scene)
  })
})

const commands: [string[]][] = [[['disable']], [['endpoint', '']]]

describe.skipIf(!requireTool('strace')).concurrent('by the kernel’s clock', () => {
  it.each(commands)('no post starts after %j has ended', async (args) => {
    const { home, collector } = await stage({ answer: { status: 204, afterMs: 20 } })
    fillQueue(home, events)
    const trace = [
      'strace',
      '-f',
      '-qq',
      '-ttt',
      '-e',
      'trace=write,writev,sendto',
      '-s',
      '40',
      '-o',
    ]
    const traced = [...trace, home.at('trace'), ...uploaderCommand]
    const [first = '', ...rest] = traced
    const uploading = run(first, rest, home, { env: uploaderEnv })
    await collector.received(50)
    const script = '"$@" > /dev/null && date +%s.%N'
    const changing = [...cliCommand, ...args]
    const { out } = await run('sh', ['-c', script, 'sh', ...changing], home)
    await uploading
    // What was under way has come in when the connections are closed.
    await eventually(() => expect(collector.open).toBe(0))
    const posts = [
      ...home.read('trace').matchAll(/(\d+\.\d+) (?:writev?|sendto)\(.*POST \/v1/g),
    ].map(([, at]) => Number(at))
    expect(posts).toHaveLength(collector.requests)
    expect(collector.requests).toBeLessThan(events)
    expect(Math.max(...posts)).toBeLessThan(Number(out))
  })
})

describe.concurrent('an event that was recorded', () => {
  it('while uploads were forbidden is not sent later, nor is any count of it', async () => {
    const { home, collector } = await stage()
    settle(home)
    await cli(home, ['endpoint', ''])
    await host(home, {
      steps: [['count', 'run', 'success'], ['count', 'repl'], ['milestone', 'project'], ['close']],
    })
    expect(queueContent(home)).toEqual({})
    await cli(home, ['endpoint', '--reset'])
    sendTo(home, collector.url)
    await host(home, {
      version: '1.0.1',
      steps: [['count', 'run', 'failed_hir'], ['milestone', 'project'], ['close']],
    })
    await collector.received(2)
    await nothingRuns(home)
    const sent = collector.events.map(({ json }) => json as { sequence: number })
    expect(sent.toSorted((one, other) => one.sequence - other.sequence)).toEqual([
      expect.objectContaining({
        trigger: 'first_seen_for_version',
        version: '1.0.1',
        subcommand_counts: { run: 1, run_failed_hir: 1 },
      }),
      expect.objectContaining({ trigger: 'project', version: '1.0.1' }),
    ])
  })

  it.each<[string, Record<string, string>]>([
    ['disable', {}],
    ['DO_NOT_TRACK', { DO_NOT_TRACK: '1' }],
  ])('under a no (%s) has not happened', async (name, env) => {
    const { home, collector } = await stage()
    settle(home)
    const before = home.read(path.join(home.state, 'stats.json'))
    if (name === 'disable') await cli(home, ['disable'])
    await host(home, { steps: [['count', 'run', 'success'], ['close']] }, { env })
    expect(home.read(path.join(home.state, 'stats.json'))).toBe(before)
    expect(queueContent(home)).toEqual({})
    await cli(home, ['enable'])
    await host(home, { version: '1.0.1', steps: [['count', 'repl'], ['close']] })
    await collector.received(1)
    await nothingRuns(home)
    expect(collector.events.map(({ json }) => json)).toEqual([
      expect.objectContaining({ subcommand_counts: { repl: 1 }, sequence: 1 }),
    ])
  })

  it.each(commands)(
    'by a host that waited for the lock during %j is not kept until telemetry is enabled',
    async (args) => {
      const { home } = await stage()
      settle(home)
      // Another living process holds the statistics.
      const lock = home.write(
        path.join(home.state, 'stats.json.lock'),
        JSON.stringify({ pid: process.pid, born: null }),
      )
      const asked = home.at('asked')
      const inLine = host(home, { steps: [['count', 'run', 'success']], asked })
      await eventually(() => expect(home.has(asked)).toBe(true), { interval: 2 })
      await cli(home, args)
      unlinkSync(lock)
      expect(await inLine).toEqual({ code: 0, signal: null, out: '', err: '' })
      expect(queueContent(home)).toEqual({})
    },
  )

  it('by many hosts during disable leaves no file behind', async () => {
    const home = faultHome()
    sendTo(home, 'http://127.0.0.1:9/')
    settle(home)
    const hosts = Array.from({ length: 30 }, (_, index) =>
      host(home, {
        version: `1.0.${index}`,
        steps: [
          ['count', 'run'],
          ['milestone', 'project'],
        ],
      }),
    )
    await eventually(() => expect(Object.keys(queueContent(home)).length).toBeGreaterThan(4), {
      interval: 2,
    })
    await cli(home, ['disable'])
    await Promise.all(hosts)
    expect(queueContent(home)).toEqual({})
  })
})

describe.skipIf(executable !== undefined)('while another command allows it again,', () => {
  it.each([
    [['disable'], ['enable']],
    [
      ['endpoint', ''],
      ['endpoint', 'http://127.0.0.1:9/v1/t'],
    ],
  ])('%j does not say that nothing is sent', async (args, meanwhile) => {
    const { home } = await stage()
    settle(home)
    const hold = { call: /list \S*\/queue$/, go: home.at('go') }
    const held = cli(home, args, { env: withFsFaults(home, { hold }) })
    await eventually(() => expect(home.has('go.held')).toBe(true))
    expect(await cliJson(home, meanwhile)).toMatchObject({ uploading: true })
    home.write('go', '')
    expect(await held).toMatchObject({ code: 1, err: expect.stringContaining('allowed again') })
  })

  it.each([
    [['disable'], 'queue'],
    [['forget', '--yes'], 'senders'],
  ])('%j does not say that nothing is recorded, where only counting is', async (args, folder) => {
    const { home } = await stage()
    settle(home)
    appendFileSync(home.settings, '[telemetry]\nuploads = false\n')
    const hold = { call: new RegExp(`list \\S*/${folder}$`), go: home.at('go') }
    const held = cli(home, args, { env: withFsFaults(home, { hold }) })
    await eventually(() => expect(home.has('go.held')).toBe(true))
    await cli(home, ['enable'])
    home.write('go', '')
    const { code, err } = await held
    expect(code).toBe(1)
    expect(err).toContain('Counting was allowed again')
  })
})

describe.skipIf(executable !== undefined)('what waits and cannot be', () => {
  const faults = [
    ['listed', /list \S*\/queue$/],
    ['deleted', /remove \S*\/queue\//],
  ] as const
  const lines = [['disable'], ['endpoint', ''], ['endpoint', 'http://127.0.0.1:9/v1/t']]
  const cases = faults.flatMap(([name, fail]) => lines.map((args) => [name, args, fail] as const))

  it.each(cases)('%s is never sent, and %j ends with 1', async (_, args, fail) => {
    const { home, collector } = await stage()
    settle(home, { sequence: 3 })
    fillQueue(home, 3)
    const { code, err } = await cli(home, args, { env: withFsFaults(home, { fail }) })
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('telemetry/queue'),
    })
    expect(Object.keys(queueContent(home))).toHaveLength(3)
    // Nor to another address.
    expect(home.read(home.settings)).toContain(collector.url)
    await cli(home, ['upload'])
    expect(collector.requests).toBe(0)
    // As soon as it can be, it is.
    expect(await cliJson(home, args)).toMatchObject({ wiped: 3 })
  })
})

it
  .skipIf(executable !== undefined)
  .each([[['disable']], [['endpoint', '']], [['endpoint', 'http://127.0.0.1:9/v1/t']]])(
  '%j says so if it cannot see who is sending',
  async (args) => {
    const { home } = await stage()
    settle(home)
    const env = withFsFaults(home, { fail: /list \S*\/senders$/ })
    const { code, err } = await cli(home, args, { env })
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('senders: ') })
    expect((await cli(home, args)).code).toBe(0)
  },
)

it.skipIf(executable !== undefined).each(['telemetry_id', 'stats.json'])(
  'disable --forget names %s if it cannot be removed',
  async (name) => {
    const { home } = await stage()
    settle(home)
    home.write(home.clientId, randomUUID())
    const env = withFsFaults(home, { fail: new RegExp(`remove \\S*/${name}$`) })
    const { code, err } = await cli(home, ['disable', '--forget'], { env })
    expect(code).toBe(1)
    expect(err).toContain('Telemetry is off')
    expect(err).toContain(`/${name} can't be removed`)
  },
)
