import path from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { faultHome, host, sendTo, settle } from '../../faults/stage.ts'
import { fillQueue, queueContent, type QueuedEvent } from '../../support/events.ts'
import type { Home } from '../../support/home.ts'
import { cli } from '../../support/run.ts'
import type { Rule } from '../worker/support/posthog.ts'
import { key } from '../worker/support/stage.ts'
import {
  buildWorker,
  expectOneIdentityEach,
  type Receiver,
  startReceiver,
  storedIn,
} from './receiver.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const env = { RUNMAT_TELEMETRY_KEY: key }

interface Case {
  readonly what: string
  readonly rules: (events: readonly QueuedEvent[]) => readonly Rule[]
  /** How many events PostHog never takes. */
  readonly bad?: number
  /** What only an operator can fix. */
  readonly repair?: (receiver: Receiver) => Promise<void>
}

const cases: readonly Case[] = [
  { what: 'answers 200', rules: () => [200] },
  {
    what: 'answers 400 for one event of a batch',
    rules: ([, , bad]) => [(batch) => (batch.some(({ uuid }) => uuid === bad?.id) ? 400 : 200)],
    bad: 1,
  },
  { what: 'answers 401', rules: () => [401, 200], repair: ({ restart }) => restart() },
  { what: 'answers 413', rules: () => [(batch) => (batch.length > 1 ? 413 : 200)] },
  { what: 'answers 429', rules: () => [{ status: 429, retryAfter: 1 }, 200] },
  { what: 'answers 500', rules: () => [500, 200, 500, 200] },
  { what: 'hangs', rules: () => ['hang', 200] },
  { what: 'drops connections', rules: () => ['drop', 200, 'store and drop', 200] },
]

/** Nothing that left the queue is missing, and nothing left it without a 204. */
function expectNothingLost(home: Home, { posthog }: Receiver, events: readonly QueuedEvent[]) {
  const waiting = new Set(Object.values(queueContent(home)).map((bytes) => bytes.trim()))
  const ledger = path.join(home.state, 'sent.ndjson')
  const sent = (home.has(ledger) ? home.read(ledger) : '')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { event: { event_id: string }; confirmed: boolean })
    .flatMap(({ event, confirmed }) => (confirmed ? [event.event_id] : []))
  const gone = events.filter(({ bytes }) => !waiting.has(bytes)).map(({ id }) => id)
  expect(gone.toSorted()).toEqual(sent.toSorted())
  expect(storedIn(posthog)).toEqual(expect.arrayContaining(gone))
  return waiting.size
}

describe.concurrent('from the queue through the worker, when PostHog', () => {
  it.each(cases)('$what', async ({ rules, bad = 0, repair }) => {
    const home = faultHome()
    const events = fillQueue(home, 12)
    const receiver = await startReceiver(program, rules(events))
    sendTo(home, receiver.url)
    let left = events.length
    for (let round = 0; left > bad && round < 8; round += 1) {
      await cli(home, ['upload'], { env })
      left = expectNothingLost(home, receiver, events)
      if (round === 0) await repair?.(receiver)
      await receiver.ready()
    }
    expect(left).toBe(bad)
    expect(storedIn(receiver.posthog)).toHaveLength(events.length - bad)
    expectOneIdentityEach(receiver.posthog)
  })

  it('works, a host’s detached uploader delivers', async () => {
    const home = faultHome()
    settle(home)
    const events = fillQueue(home, 5)
    const receiver = await startReceiver(program, [200])
    sendTo(home, receiver.url)
    expect((await host(home, { steps: [['close']] }, { env })).code).toBe(0)
    await eventually(() => expect(queueContent(home)).toEqual({}))
    expectNothingLost(home, receiver, events)
    expectOneIdentityEach(receiver.posthog)
  })
})
