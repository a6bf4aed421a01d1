import { describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { readEvent } from '../../../infra/common/src/events/reader.ts'
import { postHogEvent } from '../../../infra/worker/src/sinks/posthog-event.ts'
import { openPostHog } from '../../../infra/worker/src/sinks/posthog.ts'
import { finished, install, started, uuidOf } from './support/events.ts'
import { type Captured, type Rule, startPostHog } from './support/posthog.ts'
import { requestOf, type Said, saidIn } from './support/requests.ts'
import { later, stage } from './support/stage.ts'

async function open(...rules: readonly Rule[]) {
  const made = await stage(rules)
  const handle = fetchHandlerOf(made.worker)
  const send = async (bytes: string) => saidIn(await handle(requestOf(bytes)))
  return { ...made, send }
}

/** Retries like a client, with pauses, until 204. */
async function deliver(send: (bytes: string) => Promise<Said>, bytes: string): Promise<void> {
  await eventually(
    async () => {
      const { status } = await send(bytes)
      if (status !== 204) throw new Error(`still ${status}`)
    },
    { interval: 100 },
  )
}

const faults: readonly (readonly [string, Rule])[] = [
  ['500', 500],
  ['502 with an HTML page', { status: 502, body: '<html>Bad Gateway</html>' }],
  ['503', 503],
  ['429', { status: 429, retryAfter: 1 }],
  ['401', { status: 401, retryAfter: 1 }],
  ['a redirect', 302],
  ['a dropped connection', 'drop'],
  ['a dropped connection after storing', 'store and drop'],
]

describe('PostHog', () => {
  it.concurrent.for(faults)(
    'answering with %s gets the event again until it is stored, as one event',
    async ([, fault]) => {
      const { send, posthog } = await open(fault, 200)
      const bytes = finished()
      const first = await send(bytes)
      expect(first.status).toBe(503)
      expect(Number(first.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      await deliver(send, bytes)
      // Every attempt sent the same bytes.
      const tries = posthog.batches.map(({ batch }) => JSON.stringify(batch[0]))
      expect(new Set(tries).size).toBe(1)
      expect(new Set(posthog.stored.map(({ uuid }) => uuid))).toEqual(new Set([uuidOf(bytes)]))
    },
  )

  it.concurrent('has every event that got 204', async () => {
    let turn = 0
    const chaos: Rule = (batch) => {
      turn += 1
      if (batch.some(({ uuid }) => bad.has(uuid))) return 400
      return ([200, 500, 200, 'drop', 200, 'store and drop', 429, 200] as const)[turn % 8] ?? 200
    }
    const events = Array.from({ length: 200 }, () => finished())
    const bad = new Set(events.filter((_, index) => index % 67 === 5).map(uuidOf))
    const { send, posthog } = await open(chaos)
    const kept = new Set(events)
    const good: string[] = []
    const tryAll = () =>
      Promise.all(
        [...kept].map(async (bytes) => {
          const { status } = await send(bytes)
          if (status === 204) good.push(uuidOf(bytes))
          if (status === 204 || status === 422) kept.delete(bytes)
        }),
      )
    await eventually(
      async () => {
        await tryAll()
        if (kept.size > 0) throw new Error(`still ${kept.size}`)
      },
      { interval: 100 },
    )
    expect(good.sort()).toEqual(
      events
        .map(uuidOf)
        .filter((uuid) => !bad.has(uuid))
        .sort(),
    )
    expect(new Set(posthog.stored.map(({ uuid }) => uuid))).toEqual(new Set(good))
    const identities = posthog.stored.map(({ event, distinct_id: id, uuid, timestamp }) =>
      [uuid, event, id, timestamp].join(),
    )
    expect(new Set(identities).size).toBe(good.length)
  })

  it.each([400, 413, 422])(
    'answering %i to one event still gets all the others',
    async (status) => {
      const bad = finished()
      const { send, posthog } = await open((batch) =>
        batch.some(({ uuid }) => uuid === uuidOf(bad)) ? status : 200,
      )
      const events = [finished(), started(), bad, install(), finished()]
      const said = await Promise.all(events.map((bytes) => send(bytes)))
      expect(said.map((one) => one.status)).toEqual([204, 204, 422, 204, 204])
      expect(said[2]?.body).toMatchObject({ reason: 'sink' })
      expect(posthog.stored.map(({ uuid }) => uuid).sort()).toEqual(
        events
          .filter((bytes) => bytes !== bad)
          .map(uuidOf)
          .sort(),
      )
      // A refused event doesn't put the sink in trouble.
      expect((await send(finished())).status).toBe(204)
    },
  )

  it('is left alone for as long as its Retry-After asks, and clients are told', async () => {
    const { send, posthog } = await open({ status: 429, retryAfter: 30 })
    expect((await send(finished())).headers.get('retry-after')).toBe('30')
    const said = await send(finished())
    expect(said).toMatchObject({ status: 503, body: { reason: 'away' } })
    expect(Number(said.headers.get('retry-after'))).toBeGreaterThan(28)
    expect(posthog.batches).toHaveLength(1)
  })

  it('may send Retry-After as a date', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString()
    const { send } = await open({ status: 503, retryAfter: date })
    const wait = Number((await send(finished())).headers.get('retry-after'))
    expect(wait).toBeGreaterThan(55)
    expect(wait).toBeLessThanOrEqual(60)
  })

  it('over its quota stores nothing, so its 200 becomes 503', async () => {
    const { send } = await open({ status: 200, body: '{"status":1,"quota_limited":["events"]}' })
    expect((await send(finished())).status).toBe(503)
  })

  it.each(['{"status":1}', '{"status":"Ok"}', '{"status":1,"quota_limited":[]}'])(
    'answering %j has stored the event',
    async (body) => {
      const { send } = await open({ status: 200, body })
      expect((await send(finished())).status).toBe(204)
    },
  )

  it.concurrent.for<readonly [number, string]>([
    [200, '<!doctype html><title>Log in</title>'],
    [200, '{"status":0}'],
    [200, '{"status":"0"}'],
    [200, '{"type":"validation_error","code":"invalid"}'],
    [200, '{"quota_limited":[]}'],
    [200, '["status"]'],
    [200, 'null'],
    [200, '1'],
    [200, '{"status":1'],
    [200, ''],
    [202, '{"status":1}'],
    [301, '{"status":1}'],
    [302, ''],
    [307, '{"status":1}'],
  ])('answering %j has confirmed nothing, so the client keeps the event', async (answer) => {
    const [status, body] = answer
    const { send, posthog } = await open({ status, body }, 200)
    const bytes = finished()
    expect(await send(bytes)).toMatchObject({ status: 503, body: { reason: 'away' } })
    await deliver(send, bytes)
    expect(posthog.stored.at(-1)?.uuid).toBe(uuidOf(bytes))
  })

  it('not answering in time makes the event one for later', async () => {
    const posthog = await startPostHog('hang')
    later(() => posthog.stop())
    const sink = openPostHog({ apiKey: 'k', host: posthog.url }, 200)
    const reading = readEvent(finished(), ['runtime'])
    if (!('event' in reading)) throw new Error('that is no event')
    expect(await sink.store([reading.event])).toEqual({
      outcomes: ['later'],
      trouble: { cause: 'PostHog: no answer in time' },
    })
    expect(await sink.probe()).toBeUndefined()
    await posthog.stop()
    expect(await sink.probe()).toEqual({ cause: 'PostHog: connection refused' })
    await sink.close()
  })

  it('closing a kept connection gets the request again at once', async () => {
    const { send, posthog } = await open()
    for (let round = 0; round < 3; round += 1) {
      expect((await send(finished())).status).toBe(204)
      await posthog.stop()
      await posthog.restart()
    }
    expect((await send(finished())).status).toBe(204)
  })

  it('gets plain ASCII with the fields of the event', () => {
    for (const bytes of [finished(), install(), started({ payload: {} })]) {
      const reading = readEvent(bytes, ['runtime', 'install'])
      if (!('event' in reading)) throw new Error('that is no event')
      const text = postHogEvent(reading.event)
      expect(text).toMatch(/^[\u0020-\u007e]+$/)
      const { properties } = JSON.parse(text) as Captured
      const { payload, ...envelope } = JSON.parse(bytes) as { payload?: object }
      expect(properties).toMatchObject({ ...envelope, ...payload })
      expect(properties['$current_url']).toBe(reading.event.summary.join(' • '))
    }
  })
})
