import { randomUUID } from 'node:crypto'

import * as fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'

import { type Broker, openBroker } from '../../../infra/buffer/src/broker.ts'
import { deadLetters, replay, storeDeadLetters } from '../../../infra/buffer/src/dead-letter.ts'
import { eraseDeadLetters } from '../../../infra/buffer/src/erase-dead-letters.ts'
import { fillBlocks } from '../../../infra/buffer/src/fill-blocks.ts'
import { namesOf } from '../../../infra/buffer/src/names.ts'
import { openPull } from '../../../infra/buffer/src/pull.ts'
import type { StreamMessage } from '../../../infra/buffer/src/stream-message.ts'
import { ensureConsumer, ensureStreams } from '../../../infra/buffer/src/stream.ts'
import { overwriteExpiring } from '../../../infra/buffer/src/sweep.ts'
import { storedId } from '../../../infra/common/src/events/spelling.ts'
import { readSettings } from '../../../infra/worker/src/settings.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { finished, uuidOf } from '../worker/support/events.ts'
import { startPostHog } from '../worker/support/posthog.ts'
import { buildWorker } from '../worker/support/process.ts'
import { later } from '../worker/support/stage.ts'
import { filesWith } from './support/bytes.ts'
import { postTo, startLoad } from './support/load.ts'
import { hasNats, type Nats, startNats } from './support/nats.ts'
import { allArrive, figuresOf, fleetOf, untilReady } from './support/workers.ts'

// Several servers and workers run at a time, beside those of other tests.
vi.setConfig({ testTimeout: 120_000 })

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const names = namesOf('telemetry')
const mebibyte = 1024 ** 2

async function brokerOn({ url }: Nats, maxBytes = 64 * mebibyte): Promise<Broker> {
  const { buffer } = readSettings({
    ROLE: 'ingest',
    INGESTION_KEY: 'k',
    BUFFER_URL: url,
    BUFFER_MAX_BYTES: String(maxBytes),
    BUFFER_ACK_WAIT_SECONDS: '1',
  })
  const settings = buffer as NonNullable<typeof buffer>
  const broker = openBroker({
    settings,
    purpose: 'deliver',
    note: () => undefined,
    prepare: async ({ manager, connection }) => {
      await ensureStreams(manager, settings, connection.info)
      await ensureConsumer(manager, settings, 'posthog')
    },
  })
  later(() => broker.close())
  await eventually(() => expect(broker.session()).toBeDefined())
  return broker
}

function sessionOf(broker: Broker) {
  const session = broker.session()
  if (session === undefined) throw new Error(broker.trouble().cause)
  return session
}

/** A sink by hand: of what it is given first it hands a quarter back and forgets a quarter. */
function startSink(broker: Broker) {
  const stored = new Set<string>()
  const pull = openPull(sessionOf(broker), names.stream, 'posthog')
  let refused: readonly string[] = []
  let isOpen = true
  const isGoing = (): boolean => isOpen
  let turn = 0
  const answer = (message: StreamMessage): void => {
    const { data, deliveries, ack, nak } = message
    const text = Buffer.from(data).toString()
    turn += 1
    if (refused.includes(text)) return
    if (message.subject !== names.events) return ack()
    if (deliveries === 1 && turn % 2 === 1) return turn % 4 === 1 ? nak(50) : undefined
    stored.add(text)
    ack()
  }
  const serve = async (): Promise<void> => {
    while (isGoing()) for (const message of (await pull.take(64)).messages) answer(message)
  }
  const serving = serve()
  later(async () => {
    isOpen = false
    pull.close()
    await serving
  })
  return {
    stored,
    /** Never acknowledged, so that the stream is never empty. */
    refuse: (...texts: readonly string[]): void => {
      refused = texts
    },
  }
}

const textOf = (number: number): string => `event ${number} of ${randomUUID()}`

describe.skipIf(!hasNats).concurrent('the bytes of delivered events', () => {
  it('leave the disk with the last event that waits', async () => {
    const posthog = await startPostHog()
    later(() => posthog.stop())
    const nats = await startNats()
    const fleet = fleetOf(program, nats.url, posthog)
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver()])
    await untilReady(ingest, deliver)
    const load = startLoad(() => [ingest.url])
    await load.waitFor(50)
    await posthog.stop()
    await load.waitFor(load.stored.size + 50)
    // While they wait, they are there: the search finds what is to be found.
    expect(filesWith(nats.stores, load.stored)).not.toEqual([])
    await posthog.restart()
    const stored = await load.end()
    await allArrive(posthog, stored)
    await eventually(async () =>
      expect(await figuresOf(deliver)).toMatchObject({ buffer_events: 0 }),
    )
    await eventually(() => expect(filesWith(nats.stores, stored)).toEqual([]))
  })

  it('leave a stream that is never empty once its blocks are filled, and no event is lost', async () => {
    const nats = await startNats()
    const broker = await brokerOn(nats)
    const sink = startSink(broker)
    const { publisher, manager } = sessionOf(broker)
    const confirmed: string[] = []
    const publish = async (texts: readonly string[]): Promise<void> => {
      const all = texts.map((data) => ({ subject: names.events, data }))
      const receipts = await publisher.publish(all)
      confirmed.push(...texts.filter((_text, index) => receipts[index] === 'stored'))
    }
    const old = Array.from({ length: 500 }, (_, number) => textOf(number))
    const [first, second] = [textOf(-1), textOf(-2)]
    sink.refuse(first, second)
    await publish([...old, first])
    await eventually(() => expect(sink.stored.size).toBe(500))
    expect(filesWith(nats.stores, old)).toHaveLength(1)

    let isFilling = true
    const isBusy = (): boolean => isFilling
    const keepBusy = async (): Promise<void> => {
      while (isBusy()) {
        const some = Array.from({ length: 100 }, (_, number) => textOf(number))
        await publish(some)
      }
    }
    const busy = keepBusy()
    try {
      for (let fill = 0; fill < 2; fill += 1) {
        await eventually(async () => expect(await fillBlocks(broker, names)).toBeUndefined())
      }
      await publish([second])
      sink.refuse(second)
      await eventually(() => expect(filesWith(nats.stores, [...old, first])).toEqual([]))
      expect(filesWith(nats.stores, [second])).toHaveLength(1)
    } finally {
      isFilling = false
      await busy
    }
    sink.refuse()
    await eventually(() => expect(sink.stored).toContain(second))
    await eventually(() => expect(confirmed.filter((text) => !sink.stored.has(text))).toEqual([]))
    await eventually(async () => {
      const { state } = await manager.streams.info('telemetry')
      expect(state.messages).toBe(0)
    })
    expect(confirmed.length).toBeGreaterThan(1000)
    console.log(`${confirmed.length} events beside 2 fills, none lost`)
  })

  it('stay, with a reason, where filling would leave no room for events', async () => {
    const broker = await brokerOn(await startNats(), 16 * mebibyte)
    // Nothing waits, so there is nothing to fill.
    expect(await fillBlocks(broker, names)).toBeUndefined()
    const { publisher } = sessionOf(broker)
    await publisher.publish([{ subject: names.events, data: textOf(0) }])
    expect(await fillBlocks(broker, names)).toMatchObject({
      cause: expect.stringContaining('no room to spare'),
    })
  })
})

describe.skipIf(!hasNats).concurrent('dead letters', () => {
  const stage = async () => {
    const nats = await startNats()
    const broker = await brokerOn(nats)
    const { publisher, manager } = sessionOf(broker)
    let sequence = 0
    return {
      nats,
      broker,
      manager,
      publisher,
      put: async (sink: string, text: string): Promise<void> => {
        sequence += 1
        const data = Buffer.from(text)
        const message = { sequence, data, product: 'runmat' } as unknown as StreamMessage
        const dead = [{ message, reason: 'refused' as const }]
        expect(await storeDeadLetters(publisher, names, sink, dead)).toEqual([true])
      },
      left: async (): Promise<readonly string[]> => {
        const texts: string[] = []
        for await (const { event } of deadLetters(manager, names, undefined)) texts.push(event)
        return texts
      },
    }
  }

  it('of erased clients are overwritten, in every spelling, and all others stay', async () => {
    const { nats, broker, put, left } = await stage()
    const [cid, uuid, old] = [randomUUID(), randomUUID(), '1767139200-28913']
    const near = `${cid.slice(0, -1)}${cid.endsWith('0') ? '1' : '0'}`
    const gone = [
      `{"cid":"${cid}","n":1}`,
      `{"cid":"${cid.toUpperCase()}","n":2}`,
      `{"uuid":"${uuid}","n":3}`,
      `{"distinctId":"${old}","n":4}`,
      `no JSON, but ${cid}, n 5`,
      `{"text":"{\\"cid\\":\\"${old}\\"}","n":6}`,
      `{"url":"x/${cid}/y","n":7}`,
    ]
    const kept = [
      `{"cid":"${near}","n":8}`,
      `{"cid":"${randomUUID()}","n":9}`,
      `{"cid":"9${old}","n":10}`,
      `{"n":11}`,
    ]
    const all = [...gone, ...kept].toSorted(() => Math.random() - 0.5)
    for (const [index, text] of all.entries()) {
      await put(index % 2 === 0 ? 'posthog' : 'clickhouse', text)
    }
    expect((await left()).toSorted()).toEqual(all.toSorted())
    expect(filesWith(nats.stores, gone)).not.toEqual([])
    // Several processes do so at the same time.
    const second = await brokerOn(nats)
    const ids = [cid, uuid, storedId(old)]
    let deleted = 0
    const note = () => {
      deleted += 1
    }
    const troubles = await Promise.all(
      [broker, second, broker].map((one) => eraseDeadLetters(one, names, ids, note)),
    )
    expect(deleted).toBeGreaterThanOrEqual(gone.length)
    expect(troubles).toEqual([undefined, undefined, undefined])
    expect((await left()).toSorted()).toEqual(kept.toSorted())
    expect(filesWith(nats.stores, gone)).toEqual([])
    expect(filesWith(nats.stores, [cid.toUpperCase(), cid, uuid])).toEqual([])
    for (const text of kept) expect(filesWith(nats.stores, [text])).toHaveLength(1)
  })

  it('of erased clients are found, whichever were deleted before', async () => {
    const { broker, put, left } = await stage()
    const letters: string[] = Array.from({ length: 6 }, () => randomUUID())
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 })
    await fc.assert(
      fc.asyncProperty(order, async (places) => {
        const expected = new Set(letters)
        for (const cid of letters) await put('posthog', cid)
        for (const place of places) {
          const cid = letters[place] ?? ''
          await eventually(async () =>
            expect(await eraseDeadLetters(broker, names, [cid])).toBeUndefined(),
          )
          expected.delete(cid)
          expect(await left()).toEqual([...expected])
        }
      }),
      // In this order, nats-server 2.9 loses the fourth message of a subject.
      { numRuns: 3, examples: [[[2, 4, 5, 1, 0, 3]]] },
    )
  })

  it('are overwritten when they are replayed, and before they expire', async () => {
    const { nats, manager, publisher, put, left } = await stage()
    const [first, second, third] = [textOf(1), textOf(2), textOf(3)]
    for (const text of [first, second, third]) await put('posthog', text)
    for await (const letter of deadLetters(manager, names, undefined)) {
      if (letter.event === first) expect(await replay(manager, publisher, names, letter)).toBe(true)
    }
    const inDead = (text: string) =>
      filesWith(nats.stores, [text]).filter((file) => file.includes('/telemetry-dead/'))
    expect([first, second, third].map((text) => inDead(text).length)).toEqual([0, 1, 1])

    const { config, state } = await manager.streams.info('telemetry-dead')
    const expiresAt = Date.parse(state.first_ts) + config.max_age / 1e6
    await overwriteExpiring(manager, names, expiresAt - 2 * 3_600_000)
    expect(await left()).toEqual([second, third])
    await put('posthog', textOf(4))
    await overwriteExpiring(manager, names, expiresAt - 3_600_000 + 1)
    expect(inDead(second)).toEqual([])
  })
})

describe.skipIf(!hasNats).concurrent('tombstones from before there was a buffer', () => {
  it('keep erased clients away from workers without that disk', async () => {
    const posthog = await startPostHog()
    later(() => posthog.stop())
    const nats = await startNats()
    const fleet = fleetOf(program, nats.url, posthog)
    const home = tempHome()
    const clients = Array.from({ length: 1200 }, () => randomUUID())
    const event = finished()
    const day = '2026-01-01'
    const stones = [...clients.map((id) => ({ id, day })), { uuid: uuidOf(event), day }]
    const folder = home.at('events')
    home.write('events/erased.ndjson', stones.map((stone) => `${JSON.stringify(stone)}\n`).join(''))
    const [ingest, without, with_] = await Promise.all([
      fleet.ingest(),
      fleet.deliver(),
      fleet.deliver({ EVENTS_DIR: folder, POSTHOG_API_KEY: '', POSTHOG_HOST: '' }),
    ])
    await untilReady(ingest, without, with_)
    const manager = await nats.manager()
    await eventually(async () => {
      const { state } = await manager.streams.info('telemetry-erased')
      expect(state.messages).toBe(4)
    })
    // Once each: another start has nothing to add.
    await with_.stop()
    const again = await fleet.deliver({ EVENTS_DIR: folder, POSTHOG_API_KEY: '', POSTHOG_HOST: '' })
    await untilReady(again)
    const kept = finished()
    const theirs = [finished({ cid: clients[0] }), finished({ cid: clients[1199] }), event]
    for (const bytes of [...theirs, kept]) {
      // Straight into the buffer, as a forwarder does.
      await (await nats.connection()).request('telemetry.events', bytes)
    }
    await allArrive(posthog, new Set([uuidOf(kept)]))
    await eventually(async () =>
      expect(await figuresOf(without)).toMatchObject({ buffer_events: 0 }),
    )
    expect(posthog.stored.map(({ uuid }) => uuid)).toEqual([uuidOf(kept)])
    for (const bytes of theirs) expect((await postTo(ingest.url, bytes)).status).toBe(204)
    await eventually(async () =>
      expect(await figuresOf(ingest)).toMatchObject({ events_erased_total: 3 }),
    )
    const { state } = await manager.streams.info('telemetry-erased')
    expect(state.messages).toBe(4)
    expect(filesWith(nats.stores, [uuidOf(kept), uuidOf(theirs[0] ?? '')])).toEqual([])
  })
})
