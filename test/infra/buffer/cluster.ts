import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { startPostHog } from '../worker/support/posthog.ts'
import { finished } from '../worker/support/events.ts'
import { buildWorker, type Running } from '../worker/support/process.ts'
import { later } from '../worker/support/stage.ts'
import { postTo, startLoad } from './support/load.ts'
import { hasNats, type NatsServer, startNats } from './support/nats.ts'
import {
  allArrive,
  figuresOf,
  type Fleet,
  fleetOf,
  isReady,
  untilReady,
} from './support/workers.ts'

/** By hand: BUFFER_CHAOS_SECONDS=60 npx vitest run test/infra/buffer/servers.test.ts -t killed */
const seconds = Number(process.env['BUFFER_CHAOS_SECONDS'] ?? 4)

let program = ''
beforeAll(() => {
  program = buildWorker()
})

async function stage() {
  const posthog = await startPostHog()
  later(() => posthog.stop())
  const nats = await startNats(3)
  return { posthog, nats, fleet: fleetOf(program, nats.url, posthog) }
}

describe.skipIf(!hasNats).concurrent('a buffer of three servers', () => {
  it(
    'loses no event that got 204, whichever process is killed',
    async () => {
      const { posthog, nats, fleet } = await stage()
      const ingests = await Promise.all([fleet.ingest(), fleet.ingest()])
      const delivers = await Promise.all([fleet.deliver(), fleet.deliver()])
      await untilReady(...ingests, ...delivers)
      const { config } = await (await nats.manager()).streams.info('telemetry')
      expect(config.num_replicas).toBe(3)

      const load = startLoad(() => ingests.map(({ url }) => url), { lanes: 10, pauseMs: 20 })
      const leader = await nats.leader()
      const follower = nats.servers.find((server) => server !== leader) as NatsServer
      const acts = [
        () => again(leader),
        () => again(follower),
        () => replace(ingests, fleet.ingest),
        () => replace(delivers, fleet.deliver),
      ]
      for (const act of acts) {
        const before = load.stored.size
        await act()
        await pause((seconds * 1000) / acts.length)
        // Traffic went on.
        await load.waitFor(before + 50)
      }
      const stored = await load.end()
      const { raw, identities } = await allArrive(posthog, stored)
      // A killed deliverer's unacknowledged events arrive again; PostHog counts them once.
      const others = identities - stored.size
      console.log(
        `chaos for ${seconds} s: ${stored.size} answered with 204, ${raw} arrived,`,
        `${raw - identities} of them twice; without an answer, and there all the same: ${others};`,
        `answers that were not 204: ${JSON.stringify(Object.fromEntries(load.refused))}`,
      )
      expect(others).toBe(0)
      // No backlog is reported any more.
      const nothing = Object.fromEntries(
        ['waiting', 'unconfirmed'].map((what) => [`buffer_${what}_events{sink="posthog"}`, 0]),
      )
      await eventually(async () =>
        expect(await figuresOf(delivers[1])).toMatchObject({
          ...nothing,
          buffer_oldest_seconds: 0,
        }),
      )
    },
    seconds * 1000 + 90_000,
  )

  it('answers no 204 without a quorum and recovers by itself', async () => {
    const { posthog, nats, fleet } = await stage()
    const [ingest, deliver] = await Promise.all([fleet.ingest(), fleet.deliver()])
    await untilReady(ingest, deliver)
    const load = startLoad(() => [ingest.url], { lanes: 4 })
    await load.waitFor(50)
    const [first, second] = nats.servers
    await Promise.all([first?.stop(), second?.stop()])
    await eventually(() => expect(load.refused.get(503)).toBeGreaterThan(0))
    const size = load.stored.size
    expect(await postTo(ingest.url, finished())).toEqual({
      status: 503,
      retryAfter: expect.any(String),
    })
    await eventually(async () => expect(await isReady(ingest)).toContain('buffer'))
    expect(load.stored.size).toBe(size)
    expect(load.withRetryAfter()).toBe([...load.refused].reduce((sum, [, count]) => sum + count, 0))
    await Promise.all([first?.start(), second?.start()])
    await load.waitFor(size + 50)
    const stored = await load.end()
    await allArrive(posthog, stored)
  }, 120_000)
})

async function again(server: NatsServer): Promise<void> {
  await server.stop('SIGKILL')
  await pause(500)
  await server.start()
}

/** Kills a process and starts a replacement. */
async function replace(running: Running[], start: Fleet['ingest']): Promise<void> {
  const [old] = running
  await old?.stop('SIGKILL')
  running[0] = await start()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
