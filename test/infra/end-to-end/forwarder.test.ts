import { beforeAll, describe, expect, it } from 'vitest'

import { openStage, sendAll } from '../udp-forwarder/stage.ts'
import { finished, uuidOf } from '../worker/support/events.ts'
import type { Captured, Rule, Treatment } from '../worker/support/posthog.ts'
import { buildWorker, expectOneIdentityEach, startReceiver, storedIn } from './receiver.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const stage = openStage()

describe('from a datagram through the forwarder and the worker', () => {
  it('every event counted as forwarded is stored, whatever PostHog does', async () => {
    const events = Array.from({ length: 240 }, () => finished())
    const bad = uuidOf(events[100] ?? '')
    const unlessBad =
      (treatment: Treatment) =>
      (batch: readonly Captured[]): Treatment =>
        batch.some(({ uuid }) => uuid === bad) ? 400 : treatment
    const rules: readonly Rule[] = [
      unlessBad(200),
      500,
      'drop',
      (batch) => (batch.length > 1 ? 413 : unlessBad(200)(batch)),
      { status: 429, retryAfter: 1 },
      unlessBad('store and drop'),
      unlessBad(200),
    ]
    const receiver = await startReceiver(program, rules)
    const forwarder = await stage.forwarder(receiver.url, { FORWARDER_BATCH_EVENTS: '30' })
    for (let first = 0; first < events.length; first += 60) {
      await sendAll(forwarder.port, events.slice(first, first + 60))
      // The worker is killed while events are in flight.
      if (first === 120) await receiver.restart()
    }
    const metrics = await forwarder.until(
      (seen) => (seen['events_forwarded_total'] ?? 0) + (seen['events_refused_total'] ?? 0) >= 240,
    )
    expect(metrics).toMatchObject({ events_forwarded_total: 239, events_refused_total: 1 })
    const good = events.map(uuidOf).filter((uuid) => uuid !== bad)
    expect(storedIn(receiver.posthog)).toEqual(good.toSorted())
    expectOneIdentityEach(receiver.posthog)
    expect((await forwarder.end()).code).toBe(0)
  })

  it('nothing that waited is lost when an operator fixes PostHog’s key', async () => {
    const receiver = await startReceiver(program, [401])
    const forwarder = await stage.forwarder(receiver.url)
    const events = Array.from({ length: 40 }, () => finished())
    await sendAll(forwarder.port, events)
    await forwarder.until((seen) => seen['worker_reached'] === 0)
    receiver.posthog.script(200)
    await receiver.restart()
    // Retry-After asked for a minute, which must not delay the shutdown.
    expect((await forwarder.end()).code).toBe(0)
    expect(storedIn(receiver.posthog)).toEqual(events.map(uuidOf).toSorted())
    expectOneIdentityEach(receiver.posthog)
  })
})
