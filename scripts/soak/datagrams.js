// The unreliable path: datagrams through the real forwarder. Losses are counted.
import { createSocket } from 'node:dgram'
import { setTimeout as pause } from 'node:timers/promises'

import { build, openService } from '../support/service.js'
import { makeEvent } from './events.js'

export function openDatagrams({ at, env, folder }, key, endpoint) {
  build('udp-forwarder', at('forwarder'))
  const service = openService({
    program: at('forwarder/forwarder.js'),
    cwd: folder,
    env: ({ udp = 0, health = 0 }) => ({
      ...env,
      UDP_PORT: String(udp),
      HEALTH_PORT: String(health),
      TELEMETRY_HTTP_ENDPOINT: endpoint,
      TELEMETRY_INGESTION_KEY: key,
      FORWARDER_POST_TIMEOUT_MS: '3000',
    }),
    ports: ({ udp, health }) => ({ udp, health }),
  })
  const socket = createSocket('udp4').unref()
  // After a forwarder dies, the kernel reports an error to the sender.
  socket.on('error', () => undefined)
  const sent = new Set()
  /** Events forwarded by killed forwarders, as last reported. */
  let before = 0

  const ask = () =>
    fetch(`http://127.0.0.1:${service.ports().health}/metrics`, {
      headers: { connection: 'close' },
    })
  const metrics = async () => {
    let answer = await ask()
    // On a busy machine the request can be too slow for the forwarder.
    for (let round = 0; answer.status === 408 && round < 20; round += 1) answer = await ask()
    const text = await answer.text()
    const value = (name) => {
      const [, digits] = new RegExp(`^telemetry_forwarder_${name} (\\d+)$`, 'm').exec(text) ?? []
      if (digits === undefined) throw new Error(`no ${name} in ${answer.status}: ${text}`)
      return Number(digits)
    }
    return {
      forwarded: value('events_forwarded_total'),
      open: value('events_waiting') + value('events_under_way'),
    }
  }
  return {
    sent,
    start: service.start,
    metrics,
    forwarded: async () => before + (await metrics()).forwarded,
    send: async (count) => {
      for (let index = 0; index < count; index += 1) {
        const { id, bytes } = makeEvent()
        sent.add(id)
        await new Promise((resolve) => {
          socket.send(bytes, service.ports().udp, '127.0.0.1', () => resolve())
        })
        if (index % 50 === 49) await pause(1)
      }
    },
    kill: async () => {
      before += (await metrics()).forwarded
      await service.kill()
    },
    stop: async () => {
      socket.close()
      await service.stop()
    },
  }
}
