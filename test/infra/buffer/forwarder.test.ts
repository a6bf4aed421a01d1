import net from 'node:net'

import { beforeAll, describe, expect, it } from 'vitest'

import { SettingsError } from '../../../infra/common/src/environment.ts'
import { readSettings } from '../../../infra/udp-forwarder/src/settings.ts'
import { listen } from '../../support/collector.ts'
import { eventually } from '../../support/eventually.ts'
import { openStage, sendAll } from '../udp-forwarder/stage.ts'
import { finished, uuidOf } from '../worker/support/events.ts'
import { startPostHog } from '../worker/support/posthog.ts'
import { buildWorker } from '../worker/support/process.ts'
import { later } from '../worker/support/stage.ts'
import { hasNats, startNats } from './support/nats.ts'
import { allArrive, fleetOf, untilReady } from './support/workers.ts'

const stage = openStage()
let program = ''
beforeAll(() => {
  program = buildWorker()
})

describe('the forwarder with a buffer', () => {
  it.skipIf(!hasNats)('publishes valid events and counts the rest as refused', async () => {
    const posthog = await startPostHog()
    later(() => posthog.stop())
    const nats = await startNats()
    const fleet = fleetOf(program, nats.url, posthog)
    const deliver = await fleet.deliver()
    await untilReady(deliver)
    const forwarder = await stage.forwarder('', {
      TELEMETRY_INGESTION_KEY: '',
      BUFFER_URL: nats.url,
      BUFFER_MAX_BYTES: String(64 * 1024 * 1024),
    })
    const events = Array.from({ length: 300 }, () => finished())
    await sendAll(forwarder.port, [...events, '{"event_label":"nothing"}', ...events.slice(0, 9)])
    const metrics = await forwarder.until((seen) => seen['events_refused_total'] === 1)
    await forwarder.until((seen) => seen['events_forwarded_total'] === 309)
    expect(metrics['worker_reached']).toBe(1)
    expect(await allArrive(posthog, new Set(events.map(uuidOf)))).toEqual({
      raw: 300,
      identities: 300,
    })

    // Without a server, events are held, as they are without a worker.
    const [server] = nats.servers
    await server?.stop()
    const more = Array.from({ length: 20 }, () => finished())
    await sendAll(forwarder.port, more)
    await forwarder.until((seen) => seen['worker_reached'] === 0)
    await server?.start()
    await allArrive(posthog, new Set(more.map(uuidOf)))
    expect(await forwarder.end()).toMatchObject({ code: 0 })
    expect(forwarder.log.at(-1)).toMatchObject({ msg: 'stopped', forwarded: 329, refused: 1 })
  })

  it('leaves nothing behind on a server that hangs, and ends all the same', async () => {
    let accepted = 0
    const open = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      accepted += 1
      open.add(socket)
      socket.on('error', () => undefined).on('close', () => open.delete(socket))
    })
    const port = await listen(server)
    later(() => {
      server.close()
      for (const socket of open) socket.destroy()
    })
    const forwarder = await stage.forwarder('', {
      TELEMETRY_INGESTION_KEY: '',
      BUFFER_URL: `nats://127.0.0.1:${port}`,
      FORWARDER_DRAIN_MS: '200',
    })
    await sendAll(forwarder.port, [finished()])
    await eventually(() => expect(accepted).toBe(2))
    await eventually(() => expect(open.size).toBe(1))
    expect(await forwarder.end()).toMatchObject({ code: 0, err: '' })
    expect(accepted).toBe(2)
    expect(forwarder.log.at(-1)).toMatchObject({ level: 50, lost: 1 })
  }, 60_000)

  it('is refused both a worker and a buffer', () => {
    const env = { BUFFER_URL: 'nats://127.0.0.1:4222' }
    expect(readSettings(env)).toMatchObject({ key: undefined, buffer: { stream: 'telemetry' } })
    const both = { TELEMETRY_HTTP_ENDPOINT: 'https://a.example', TELEMETRY_INGESTION_KEY: 'k' }
    try {
      readSettings({ ...env, ...both })
      expect.unreachable()
    } catch (error) {
      expect((error as SettingsError).faults).toEqual([
        'TELEMETRY_HTTP_ENDPOINT means nothing beside BUFFER_URL',
        'TELEMETRY_INGESTION_KEY means nothing beside BUFFER_URL',
      ])
    }
  })
})
