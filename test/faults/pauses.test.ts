import { describe, expect, it } from 'vitest'

import type { Answer, Collector } from '../support/collector.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { cli, cliJson } from '../support/run.ts'
import {
  collectorFor,
  host,
  idOf,
  idsAt,
  sendTo,
  settle,
  stage,
  fakeUploader,
  uploader,
  uploadsOf,
} from './stage.ts'

/** How long the last uploader wants everybody to wait, in seconds. */
function pauseOf(home: Home): number {
  const { last_attempt, next_attempt } = uploadsOf(home)
  return (Date.parse(next_attempt ?? '') - Date.parse(last_attempt ?? '')) / 1000
}

/** A host with something new to send ends. Did it start an uploader? */
async function startsUploader(home: Home, version: string): Promise<boolean> {
  const { uploader: own, wasStarted } = fakeUploader(home)
  const queued = Object.keys(queueContent(home)).length
  await host(home, { version, uploader: own, steps: [['count', 'run'], ['close']] })
  expect(Object.keys(queueContent(home))).toHaveLength(queued + 1)
  return wasStarted()
}

describe.concurrent('a pause', () => {
  const inTwoMinutes = () => new Date(Date.now() + 120_000).toUTCString()
  it.each<[string, Answer]>([
    ['429, in seconds', { status: 429, headers: { 'Retry-After': 120 } }],
    ['429, as a date', () => ({ status: 429, headers: { 'Retry-After': inTwoMinutes() } })],
    ['503', { status: 503, headers: { 'Retry-After': 120 } }],
  ])(
    'that the collector asks for is obeyed by hosts, but not by a person who uploads: %s',
    async (_, answer) => {
      const { home, collector } = await stage({ answer })
      settle(home)
      fillQueue(home, 3)
      await uploader(home)
      expect(pauseOf(home)).toBeGreaterThan(115)
      expect(pauseOf(home)).toBeLessThan(121)
      expect(await startsUploader(home, '1.0.1')).toBe(false)
      const seen = collector.requests
      // Not even one that was started all the same.
      await uploader(home)
      expect(collector.requests).toBe(seen)
      collector.setAnswer(204)
      expect(await cliJson(home, ['upload'])).toMatchObject({ delivered: 4, next_attempt: null })
      expect(await startsUploader(home, '1.0.2')).toBe(true)
    },
  )

  it('that the answer to one event asked for holds, whatever the other answers are', async () => {
    const { home, collector } = await stage()
    const [first] = fillQueue(home, 8)
    collector.setAnswer((request) =>
      idOf(request) === first?.id
        ? { status: 429, headers: { 'Retry-After': 600 } }
        : { status: 204, afterMs: 150 },
    )
    await uploader(home)
    expect(Object.keys(queueContent(home))).toHaveLength(1)
    expect(pauseOf(home)).toBeGreaterThan(595)
  })

  it('belongs to one endpoint: another endpoint gets events at once', async () => {
    const { home } = await stage({ answer: { status: 429, headers: { 'Retry-After': 3600 } } })
    settle(home)
    fillQueue(home, 3)
    await uploader(home)
    expect(pauseOf(home)).toBeGreaterThan(3590)
    const next = await collectorFor()
    sendTo(home, next.url)
    expect(await cliJson(home, ['status'])).toMatchObject({ uploader: { next_attempt: null } })
    await uploader(home)
    expect(next.requests).toBe(3)
    expect(queueContent(home)).toEqual({})
  })

  it('grows with each failure and ends with a delivery', async () => {
    const { home, collector } = await stage()
    const { port } = collector
    await collector.stop()
    settle(home)
    fillQueue(home, 1)
    for (const failures of [1, 2, 3]) {
      expect((await cli(home, ['upload'])).code).toBe(1)
      expect(uploadsOf(home)).toMatchObject({ failures, last_result: 'failed: refused' })
      expect(pauseOf(home)).toBeGreaterThan(9.9)
      expect(pauseOf(home)).toBeLessThan(60 * 2 ** (failures - 1))
      expect(await startsUploader(home, `1.0.${failures}`)).toBe(false)
    }
    await collectorFor({ port })
    expect((await cli(home, ['upload'])).code).toBe(0)
    expect(uploadsOf(home)).toMatchObject({ failures: 0, next_attempt: null })
  })
})

describe.concurrent('a collector that always refuses one event', () => {
  const refusals = [400, 413, 422, 500]

  it.each(refusals)('with %j gets all other events, now and later', async (refusal) => {
    const { home, collector } = await stage()
    settle(home, { sequence: 30 })
    const events = fillQueue(home, 30)
    const poison = events[7]?.id
    collector.setAnswer((request) => (idOf(request) === poison ? refusal : 204))
    await uploader(home)
    expect(Object.keys(queueContent(home))).toEqual([expect.stringContaining(poison ?? '')])
    // Alone it tells nothing about the collector, however often a person insists.
    for (let round = 0; round < 3; round += 1) {
      expect((await cli(home, ['upload'])).code).toBe(1)
    }
    await host(home, { version: '2.0.0', steps: [['count', 'run'], ['close']] })
    await collector.received(34)
    await nothingRuns(home)
    expect(Object.keys(queueContent(home))).toEqual([expect.stringContaining(poison ?? '')])
    const ids = idsAt(collector)
    expect(ids.filter((id) => id !== poison)).toHaveLength(30)
    expect(new Set(ids).size).toBe(31)
    expect(ids.filter((id) => id === poison)).toHaveLength(4)
  })

  it('gets the next event even if the refused one was alone', async () => {
    const { home, collector } = await stage({ answer: 400 })
    settle(home, { sequence: 1 })
    fillQueue(home, 1)
    await uploader(home)
    expect(uploadsOf(home)).toMatchObject({ next_attempt: null, failures: 0 })
    collector.setAnswer(204)
    await host(home, { version: '2.0.0', steps: [['count', 'run'], ['close']] })
    await collector.received(2)
    await nothingRuns(home)
    expect(new Set(idsAt(collector)).size).toBe(2)
  })

  it('gets it again at once only if a person uploads', async () => {
    const { home, collector } = await stage({ answer: 400 })
    settle(home)
    fillQueue(home, 1)
    await uploader(home)
    await uploader(home)
    expect(collector.requests).toBe(1)
    const { uploader: own, wasStarted } = fakeUploader(home)
    await host(home, { uploader: own, steps: [['close']] })
    expect(wasStarted()).toBe(false)
  })
})

describe.concurrent('the key and the queue', () => {
  const cases: [string, (home: Home, theirs: Collector) => Record<string, string>][] = [
    [
      'the folder',
      (home, theirs) => {
        home.write('project/runmat.toml', `runtime.telemetry.http_endpoint = "${theirs.url}"\n`)
        return {}
      },
    ],
    [
      'a file that RUNMAT_CONFIG names',
      (home, theirs) => ({
        RUNMAT_CONFIG: home.write(
          'project/its.toml',
          `runtime.telemetry.http_endpoint = "${theirs.url}"\n`,
        ),
      }),
    ],
  ]

  it.each(cases)(
    'go to the user’s endpoint, not to one that a project names in %s',
    async (_, say) => {
      const { home, collector } = await stage()
      const theirs = await collectorFor()
      home.write('project/sub/.keep', '')
      const env = say(home, theirs)
      settle(home)
      const options = { env, cwd: home.at('project/sub') }
      await host(home, { steps: [['count', 'run'], ['close']] }, options)
      await collector.received(1)
      expect(collector.events[0]?.headers).toMatchObject({ 'x-telemetry-key': 'key-of-the-tests' })
      await nothingRuns(home)
      fillQueue(home, 1)
      expect((await cli(home, ['upload'], options)).code).toBe(0)
      expect(collector.requests).toBe(2)
      expect(theirs.connections).toBe(0)
    },
  )

  it('go no further once the endpoint is changed during an upload', async () => {
    const { home, collector } = await stage({ answer: { status: 204, afterMs: 400 } })
    const next = await collectorFor()
    fillQueue(home, 40)
    const running = uploader(home)
    await collector.received(8)
    sendTo(home, next.url)
    await running
    expect(collector.requests).toBe(8)
    expect(next.requests).toBe(0)
    expect((await cli(home, ['upload'])).code).toBe(0)
    expect(new Set([...idsAt(collector), ...idsAt(next)]).size).toBe(40)
    expect(next.requests).toBe(32)
  })
})
