import http from 'node:http'

import { beforeAll, describe, expect, it, vi } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { type PostHog, type Rule, startPostHog } from '../worker/support/posthog.ts'
import { openDelivery } from '../../../infra/buffer/src/delivery.ts'
import { namesOf } from '../../../infra/buffer/src/names.ts'
import { sweep } from '../../../infra/buffer/src/sweep.ts'
import { openCircuitBreaker } from '../../../infra/common/src/circuit-breaker.ts'
import { readersOf } from '../../../infra/common/src/events/products.ts'
import { listen } from '../../support/collector.ts'
import { finished, install, started, usage, uuidOf } from '../worker/support/events.ts'
import { buildWorker } from '../worker/support/process.ts'
import { ndjson } from '../worker/support/requests.ts'
import { later } from '../worker/support/stage.ts'
import { deadLetters } from './support/dead-letters.ts'
import { postTo, startLoad } from './support/load.ts'
import { hasNats, type Nats, startNats } from './support/nats.ts'
import {
  allArrive,
  figuresOf,
  type Fleet,
  fleetOf,
  isReady,
  untilReady,
} from './support/workers.ts'

// Many processes run at a time, beside those of other tests.
vi.setConfig({ testTimeout: 60_000 })

let program = ''
beforeAll(() => {
  program = buildWorker()
})

async function stage(...rules: readonly Rule[]): Promise<{
  readonly posthog: PostHog
  readonly nats: Nats
  readonly fleet: Fleet
}> {
  const posthog = await startPostHog(...rules)
  later(() => posthog.stop())
  const nats = await startNats()
  return { posthog, nats, fleet: fleetOf(program, nats.url, posthog) }
}

/** A fake Google Analytics that is down until it recovers. */
async function startGoogle() {
  let taken = 0
  let status = 503
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { events } = JSON.parse(Buffer.concat(chunks).toString()) as { events: unknown[] }
      if (status === 204) taken += events.length
      response.writeHead(status).end()
    })
  })
  const port = await listen(server)
  later(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${port}/mp/collect`,
    taken: () => taken,
    recover: () => {
      status = 204
    },
  }
}

describe.skipIf(!hasNats).concurrent('a buffer of one server', () => {
  it('delivers to the sink the same bytes as a worker without a buffer', async () => {
    const { posthog, fleet } = await stage()
    const [direct, ingest, deliver] = await Promise.all([
      fleet.all(),
      fleet.ingest(),
      fleet.deliver(),
    ])
    await untilReady(direct, ingest, deliver)
    const events = [finished(), started(), usage(), install()]
    const body = events.join('\n')
    expect(await postTo(direct.url, body, ndjson)).toMatchObject({ status: 204 })
    const before = [...posthog.stored]
    expect(await postTo(ingest.url, body, ndjson)).toMatchObject({ status: 204 })
    await eventually(() => expect(posthog.stored).toHaveLength(8))
    expect(posthog.stored.slice(4)).toEqual(before)

    // A repeated event is one event in the stream.
    expect(await postTo(ingest.url, body, ndjson)).toMatchObject({ status: 204 })
    expect(await postTo(ingest.url, '{"event_label":"nothing"}')).toMatchObject({ status: 400 })
    // A client sent to the delivering worker keeps its event.
    expect(await postTo(deliver.url, body, ndjson)).toEqual({ status: 503, retryAfter: '1' })
    await eventually(async () =>
      expect(await figuresOf(deliver)).toMatchObject({
        buffer_up: 1,
        buffer_events: 0,
        buffer_oldest_seconds: 0,
        'buffer_waiting_events{sink="posthog"}': 0,
        'buffer_dead_letters{sink="posthog"}': 0,
        'delivered_total{sink="posthog"}': 4,
        'delivery_up{sink="posthog"}': 1,
      }),
    )
    expect(posthog.stored).toHaveLength(8)
  })

  it('accepts events while the sink is away and delivers each once when it is back', async () => {
    const { posthog, fleet } = await stage()
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver()])
    await untilReady(ingest, deliver)
    const load = startLoad(() => [ingest.url])
    await load.waitFor(100)
    await posthog.stop()
    await load.waitFor(400)
    await eventually(async () => {
      expect(await isReady(deliver)).toContain('PostHog')
      const figures = await figuresOf(ingest)
      expect(figures['buffer_events']).toBeGreaterThan(150)
      expect(figures['buffer_oldest_seconds']).toBeGreaterThan(0)
      expect(await isReady(ingest)).toContain('true')
    })
    await posthog.restart()
    const stored = await load.end()
    expect([...load.refused]).toEqual([])
    expect(await allArrive(posthog, stored)).toMatchObject({ identities: stored.size })
    await eventually(async () =>
      expect(await figuresOf(ingest)).toMatchObject({ buffer_events: 0 }),
    )
  })

  it('delivers to each sink at its own pace', async () => {
    const { posthog, fleet } = await stage()
    const google = await startGoogle()
    const ga4 = { GA_MEASUREMENT_ID: 'G-1', GA_API_SECRET: 's', GA_ENDPOINT: google.url }
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver(ga4)])
    await untilReady(ingest, deliver)
    // With the current time, because Google takes nothing older than three days.
    const run = { jit_enabled: true, accelerate_enabled: false, timestamp_ms: Date.now() - 1000 }
    const events = Array.from({ length: 40 }, () => started({ payload: run }))
    expect(await postTo(ingest.url, events.join('\n'), ndjson)).toMatchObject({ status: 204 })
    await allArrive(posthog, new Set(events.map(uuidOf)))
    await eventually(async () =>
      expect(await figuresOf(deliver)).toMatchObject({
        buffer_events: 40,
        'delivery_up{sink="posthog"}': 1,
        'delivery_up{sink="ga4"}': 0,
        'delivered_total{sink="posthog"}': 40,
        'delivered_total{sink="ga4"}': 0,
      }),
    )
    expect(await isReady(deliver)).toContain('true')
    google.recover()
    await eventually(async () =>
      expect(await figuresOf(deliver)).toMatchObject({
        buffer_events: 0,
        'ga4_events_total{result="sent"}': 40,
        'delivered_total{sink="ga4"}': 40,
      }),
    )
    expect(google.taken()).toBe(40)
    expect(posthog.stored).toHaveLength(40)
  })

  it('recreates a consumer that was deleted', async () => {
    const { posthog, nats, fleet } = await stage()
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver()])
    await untilReady(ingest, deliver)
    const manager = await nats.manager()
    await manager.consumers.delete('telemetry', 'posthog')
    await eventually(() => manager.consumers.info('telemetry', 'posthog'))
    const bytes = finished()
    await eventually(async () =>
      expect(await postTo(ingest.url, bytes)).toMatchObject({ status: 204 }),
    )
    await allArrive(posthog, new Set([uuidOf(bytes)]))
  })

  it('answers 503 when full and loses nothing that got 204', async () => {
    const { posthog, nats, fleet } = await stage(503)
    const small = { BUFFER_MAX_BYTES: String(192 * 1024) }
    const [ingest, deliver] = await Promise.all([fleet.ingest(small), fleet.deliver(small)])
    await untilReady(ingest)
    const load = startLoad(() => [ingest.url])
    await eventually(() => expect(load.refused.get(503)).toBeGreaterThan(10))
    expect(await isReady(ingest)).toContain('buffer: the stream is full')
    expect(load.withRetryAfter()).toBe(load.refused.get(503))
    const { state } = await (await nats.manager()).streams.info('telemetry')
    expect(state.messages).toBe(load.stored.size)
    posthog.script(200)
    const stored = await load.end()
    const { raw } = await allArrive(posthog, stored)
    expect(raw).toBe(stored.size)
    await untilReady(ingest, deliver)
  })

  it('keeps each event that got 204 when it is full, however long the events are', async () => {
    const { posthog, nats, fleet } = await stage(503)
    const limit = { BUFFER_MAX_BYTES: String(128 * 1024) }
    const [ingest, deliver] = await Promise.all([fleet.ingest(limit), fleet.deliver(limit)])
    await untilReady(ingest)
    const stored = new Set<string>()
    let refused = 0
    const lengths = [started, finished, usage, install]
    for (let count = 0; count < 800; count += 1) {
      const event = lengths[count % 4]?.({}) ?? ''
      const { status } = await postTo(ingest.url, event)
      if (status === 204) stored.add(uuidOf(event))
      else refused += 1
    }
    expect(refused).toBeGreaterThan(0)
    const { state } = await (await nats.manager()).streams.info('telemetry')
    expect(state.messages).toBe(stored.size)
    posthog.script(200)
    await allArrive(posthog, stored)
    await deliver.stop()
  })

  it('delivers again what is left and counts as acknowledged, and removes what was taken', async () => {
    const { nats } = await stage()
    const manager = await nats.manager()
    const connection = await nats.connection()
    const names = namesOf('telemetry')
    // This stream keeps everything, like a server that forgot whom it had handed what.
    await manager.streams.add({ name: 'telemetry', subjects: [names.events] })
    await manager.consumers.add('telemetry', { durable_name: 'posthog', ack_policy: 'explicit' })
    const events = Array.from({ length: 6 }, () => finished())
    for (const event of events) {
      await connection.request(names.events, event, { timeout: 2000 })
    }
    await manager.streams.deleteMessage('telemetry', 2)
    const [first, , third, fourth] = events.map(uuidOf)
    const given: (readonly string[])[] = []
    let busy: string | undefined = third
    const delivery = openDelivery({
      sink: {
        name: 'posthog',
        inFlight: 1,
        store: (batch) => {
          given.push(batch.map(({ uuid }) => uuid))
          return Promise.resolve({
            outcomes: batch.map(({ uuid }) => (uuid === busy ? 'later' : 'stored')),
          })
        },
        probe: () => Promise.resolve(undefined),
        close: () => Promise.resolve(),
      },
      batch: 500,
      circuitBreaker: openCircuitBreaker(),
      broker: {
        session: () => undefined,
        trouble: () => ({ cause: 'away' }),
        change: () => new Promise(() => undefined),
        recheck: () => undefined,
        close: () => Promise.resolve(),
      },
      names,
      readers: readersOf([]),
      ackWaitMs: 30_000,
      counts: { delivered: 0, redelivered: 0, deadLetters: 0 },
      done: () => undefined,
    })
    later(() => delivery.close())
    const swept = async () => {
      await sweep({ manager }, names, 4, (messages) => delivery.again({} as never, messages))
      return (await manager.streams.info('telemetry')).state
    }
    expect(await swept()).toMatchObject({ messages: 3, first_seq: 3 })
    busy = undefined
    expect(await swept()).toMatchObject({ messages: 2, first_seq: 5 })
    expect(given).toEqual([[first, third, fourth], [third]])
    // The consumer still gets what it hasn't had.
    expect((await manager.consumers.info('telemetry', 'posthog')).num_pending).toBe(2)
  })

  it('answers 503 while there is no stream', async () => {
    const { nats, fleet } = await stage()
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver()])
    await untilReady(ingest)
    await deliver.stop()
    const before = ingest.said().length
    await (await nats.manager()).streams.delete('telemetry')
    expect(await postTo(ingest.url, finished())).toEqual({ status: 503, retryAfter: '1' })
    // The worker may notice before the post does, and create the stream again.
    await eventually(() =>
      expect(ingest.said().slice(before)).toMatch(
        /buffer: (the stream is away|no sink has a place)/,
      ),
    )
  })

  it('does not change a stream whose settings differ', async () => {
    const { nats, fleet } = await stage()
    const manager = await nats.manager()
    await manager.streams.add({
      name: 'telemetry',
      subjects: ['telemetry.events', 'telemetry.again.*'],
      discard: 'old',
      max_bytes: 1_000_000,
    })
    const before = (await manager.streams.info('telemetry')).config
    const ingest = await fleet.ingest()
    await eventually(async () => {
      expect(await isReady(ingest)).toContain('stream telemetry has discard')
    })
    expect(await postTo(ingest.url, finished())).toMatchObject({
      status: 503,
      retryAfter: expect.any(String),
    })
    expect((await manager.streams.info('telemetry')).config).toEqual(before)
    // Once an operator fixes it, the worker notices.
    await manager.streams.delete('telemetry')
    await untilReady(ingest, await fleet.deliver())
  })

  it('answers 503 as long as there is no consumer', async () => {
    const { posthog, nats, fleet } = await stage()
    const ingest = await fleet.ingest()
    await eventually(async () => expect(await isReady(ingest)).toContain('no sink has a place'))
    expect(await postTo(ingest.url, finished())).toMatchObject({ status: 503 })
    const deliver = await fleet.deliver()
    await untilReady(ingest)
    // The delivering worker isn't needed any more.
    await deliver.stop()
    const bytes = finished()
    expect(await postTo(ingest.url, bytes)).toMatchObject({ status: 204 })
    const next = await fleet.deliver()
    await allArrive(posthog, new Set([uuidOf(bytes)]))
    await next.stop()
    await (await nats.manager()).consumers.delete('telemetry', 'posthog')
    await eventually(async () =>
      expect(await postTo(ingest.url, finished())).toMatchObject({ status: 503 }),
    )
  })

  it('starts before the servers and survives their restart', async () => {
    const { posthog, nats, fleet } = await stage()
    const [server] = nats.servers
    await server?.stop()
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver()])
    expect(await postTo(ingest.url, finished())).toMatchObject({ status: 503 })
    await server?.start()
    await untilReady(ingest, deliver)
    const load = startLoad(() => [ingest.url])
    await load.waitFor(100)
    await server?.stop()
    await eventually(() => expect(load.refused.get(503)).toBeGreaterThan(0))
    await server?.start()
    await load.waitFor(load.stored.size + 100)
    await allArrive(posthog, await load.end())
  })

  it('can be introduced one process at a time without loss', async () => {
    const { posthog, fleet } = await stage()
    const [first, second] = await Promise.all([fleet.all(), fleet.all()])
    let urls = [first.url, second.url]
    const load = startLoad(() => urls)
    await load.waitFor(100)
    const deliver = await fleet.deliver()
    for (const old of [first, second]) {
      const next = await fleet.ingest()
      await untilReady(next, deliver)
      urls = [...urls.filter((url) => url !== old.url), next.url]
      await old.stop()
      await load.waitFor(load.stored.size + 100)
    }
    // Restarts one of each kind, like an update.
    const nextDeliver = await fleet.deliver()
    await untilReady(nextDeliver)
    await deliver.stop()
    expect(await deliver.ended).toEqual({ code: 0, signal: null })
    await load.waitFor(load.stored.size + 100)
    const stored = await load.end()
    expect([...load.refused.keys()].filter((status) => status !== 0)).toEqual([])
    const { raw, identities } = await allArrive(posthog, stored)
    expect({ raw, identities }).toEqual({ raw: stored.size, identities: stored.size })
  })

  it('stores refused events as dead letters, lists them and replays them', async () => {
    const poison = finished()
    const isBad = (batch: readonly { readonly uuid: string }[]): boolean =>
      batch.some(({ uuid }) => uuid === uuidOf(poison))
    const { posthog, nats, fleet } = await stage((batch) => (isBad(batch) ? 400 : 200))
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver()])
    await untilReady(ingest, deliver)
    const good = Array.from({ length: 200 }, () => finished())
    const body = [...good.slice(0, 77), poison, ...good.slice(77)].join('\n')
    expect(await postTo(ingest.url, body, ndjson)).toMatchObject({ status: 204 })
    const connection = await nats.connection()
    connection.publish('telemetry.events', '{"of":"a stranger"}')
    await allArrive(posthog, new Set(good.map(uuidOf)))
    await eventually(async () =>
      expect(await figuresOf(deliver)).toMatchObject({
        buffer_events: 0,
        'buffer_dead_letters{sink="posthog"}': 2,
        'dead_letters_total{sink="posthog"}': 2,
      }),
    )
    const list = () => deadLetters(program, nats.url, 'list')
    const { lines, code } = await list()
    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { sequence: 1, sink: 'posthog', event: expect.any(String) },
      { sequence: 2, sink: 'posthog', event: expect.any(String) },
    ])
    const reasons = Object.fromEntries(lines.map(({ event, reason }) => [event, reason]))
    expect(reasons).toEqual({ [poison]: 'refused', '{"of":"a stranger"}': 'contract' })

    // The sink now takes the event.
    posthog.script(200)
    expect((await deadLetters(program, nats.url, 'replay', 'posthog')).lines).toEqual([
      { replayed: 2, kept: 0 },
    ])
    await allArrive(posthog, new Set([uuidOf(poison)]))
    // An invalid message becomes a dead letter again; nothing is lost on the way.
    await eventually(async () =>
      expect((await list()).lines).toMatchObject([{ sequence: 3, reason: 'contract' }]),
    )
    expect((await deadLetters(program, nats.url, 'bury')).code).toBe(2)
  })
})
