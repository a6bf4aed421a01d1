import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import type { Step } from '../programs/host.ts'
import { fillQueue, makeEvent, namesIn, queueContent, queueFolder } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { cliJson } from '../support/run.ts'
import { faultHome, host, settle, stage, fakeUploader, uploader, uploadsOf } from './stage.ts'

const day = 24 * 60 * 60 * 1000
const year = 365 * day

/** Records one event for each of these moments, given against the real clock, one after the other. */
async function recordAt(home: Home, moments: readonly number[], first = 0): Promise<void> {
  const steps = moments.flatMap((moment, index): readonly Step[] => [
    ['version', `1.0.${first + index}`],
    ['clock', moment],
    ['count', 'run'],
  ])
  expect(await host(home, { steps })).toMatchObject({ code: 0, out: '', err: '' })
}

/** The versions in the queue, in the order in which they will be sent. */
const versionsIn = (home: Home): readonly string[] =>
  Object.values(queueContent(home)).map((text) => (JSON.parse(text) as { version: string }).version)

const upTo = (count: number, first = 0): readonly string[] =>
  Array.from({ length: count }, (_, index) => `1.0.${first + index}`)

async function droppedIn(home: Home): Promise<number> {
  return (await cliJson<{ queue: { dropped: number } }>(home, ['status'])).queue.dropped
}

describe.concurrent('if the clock jumps', () => {
  it('events are sent in the order in which they were recorded', async () => {
    const { home, collector } = await stage()
    settle(home)
    await recordAt(home, [0, year, -year, 0, year, 2 * year, -2 * year, 0])
    expect(versionsIn(home)).toEqual(upTo(8))
    // One at a time, so that they arrive as they are sent.
    await uploader(home)
    const sent = collector.events.map(({ json }) => (json as { version: string }).version)
    expect(sent.toSorted()).toEqual(upTo(8))
    expect(await droppedIn(home)).toBe(0)
  })

  it.each([
    ['forth', [year, year + day, year + 2 * day]],
    ['back', [-year, -year + day, -year + 2 * day]],
    ['forth, bit by bit', [20 * day, 29 * day]],
  ])('a year %s and back again, no event is dropped', async (_, leap) => {
    const home = faultHome()
    settle(home)
    await recordAt(home, [0, day, 2 * day])
    // The first to notice the leap has nothing to queue.
    await host(home, {
      version: '1.0.2',
      steps: [
        ['clock', leap[0] ?? 0],
        ['select', 'jit'],
      ],
    })
    await recordAt(home, [...leap, 3 * day, 4 * day], 3)
    expect(versionsIn(home)).toEqual(upTo(5 + leap.length))
    expect(await droppedIn(home)).toBe(0)
  })

  it.each([
    ['next_attempt', (at: string) => ({ next_attempt: at, failures: 3 })],
    [
      'a refusal',
      (at: string, name: string) => ({ next_attempt: null, failures: 0, refused: { [name]: at } }),
    ],
  ])('%s a year in the future is ignored', async (_, uploads) => {
    const { home, collector } = await stage()
    settle(home, { sequence: 1 })
    fillQueue(home, 1)
    const [name = ''] = namesIn(queueFolder(home))
    const ahead = new Date(Date.now() + year).toISOString()
    home.write(path.join(home.state, 'uploads.json'), JSON.stringify(uploads(ahead, name)))
    const { uploader: own, wasStarted } = fakeUploader(home)
    await host(home, { uploader: own, steps: [['close']] })
    expect(wasStarted()).toBe(true)
    expect((await uploader(home)).code).toBe(0)
    expect(collector.requests).toBe(1)
    expect(uploadsOf(home)).toMatchObject({ next_attempt: null, refused: {} })
  })

  it('an uploader delivers a queue of another year', async () => {
    const { home, collector } = await stage()
    settle(home)
    await recordAt(home, [year, -year])
    await host(home, { version: '2.0.0', steps: [['count', 'run'], ['close']] })
    await collector.received(3)
    await nothingRuns(home)
    expect(queueContent(home)).toEqual({})
  })
})

describe.concurrent('the queue keeps', () => {
  it('events for thirty days of steady clock, and counts those it drops', async () => {
    const home = faultHome()
    settle(home)
    const days = [0, 5, 10, 15, 20, 25, 29, 31, 36, 60]
    await recordAt(
      home,
      days.map((number) => number * day - 60 * day),
    )
    expect(versionsIn(home)).toEqual(upTo(3, 7))
    expect(await droppedIn(home)).toBe(7)
  })

  it('a thousand events, and drops the oldest', async () => {
    const home = faultHome()
    settle(home, { sequence: 1003 })
    const events = fillQueue(home, 1003)
    await recordAt(home, [0])
    const names = namesIn(queueFolder(home))
    expect(names).toHaveLength(1000)
    expect(names[0]).toContain(events[4]?.id)
    expect(versionsIn(home).at(-1)).toBe('1.0.0')
    expect(await cliJson(home, ['status'])).toMatchObject({ queue: { events: 1000, dropped: 4 } })
    await recordAt(home, [0, 0], 1)
    expect(namesIn(queueFolder(home))).toHaveLength(1000)
    expect(await droppedIn(home)).toBe(6)
  })

  it('five megabytes, whichever program wrote them', async () => {
    const home = faultHome()
    settle(home)
    mkdirSync(queueFolder(home), { recursive: true })
    const kilobytes = 60
    for (let index = 10; index < 100; index += 1) {
      const event = makeEvent(index).bytes.padEnd(kilobytes * 1024)
      writeFileSync(path.join(queueFolder(home), `0-${index}.json`), event)
    }
    await recordAt(home, [0])
    const kept = Math.floor((5 * 1024) / kilobytes)
    const { queue } = await cliJson<{ queue: Record<string, number> }>(home, ['status'])
    expect(queue['bytes']).toBeLessThanOrEqual(5 * 1024 * 1024)
    expect(queue).toMatchObject({ events: kept + 1, dropped: 90 - kept })
    expect(namesIn(queueFolder(home)).at(-2)).toBe('0-99.json')
  })
})
