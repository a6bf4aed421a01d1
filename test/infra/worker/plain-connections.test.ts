import { once } from 'node:events'
import net from 'node:net'

import { describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { finished } from './support/events.ts'
import { json, ndjson } from './support/requests.ts'
import { served } from './support/stage.ts'
import { connect, postOf } from './support/wire.ts'

const bad = () => finished().replace('"os":"linux"', '"os":"lunch"')

function statusesIn(said: string): readonly string[] {
  return [...said.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)
}

describe('a connection', () => {
  it('gets its answers in order, also to what it sends before the first', async () => {
    const { server, posthog } = await served(['hang'])
    const wire = await connect(server.port)
    wire.send(postOf(finished()))
    await posthog.received(1)
    const [one, other] = [postOf(bad()), postOf(bad())]
    const behind = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
    const all = one + other + behind
    wire.send(all.slice(0, one.length))
    wire.send(all.slice(one.length, one.length + 100))
    wire.send(all.slice(one.length + 100))
    await posthog.stop()
    expect(statusesIn(await wire.hears(/HTTP/, 4))).toEqual(['503', '400', '400', '200'])
    wire.hangUp()
  })

  it('may bring one plain request after another, and then any other', async () => {
    const { server, posthog } = await served()
    const wire = await connect(server.port)
    for (let count = 1; count <= 20; count += 1) {
      wire.send(postOf(finished()))
      await wire.hears(/HTTP\/1\.1 204/, count)
    }
    wire.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    await wire.hears(/\{"healthy":true\}/)
    wire.send(postOf(finished()))
    await wire.hears(/HTTP\/1\.1 204/, 21)
    expect(posthog.stored).toHaveLength(21)
    wire.hangUp()
  })

  it('that has sent all is still answered', async () => {
    const { server, posthog } = await served()
    const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(postOf(finished()))
    const [said] = (await once(socket, 'data')) as [Buffer]
    expect(said.toString()).toMatch(/^HTTP\/1\.1 204 /)
    await once(socket, 'close')
    expect(posthog.stored).toHaveLength(1)
  })

  it('is closed where nothing follows an answer for long', async () => {
    const { server } = await served([], {}, { keepAliveMs: 300, checkMs: 50 })
    const wire = await connect(server.port)
    wire.send(postOf(finished()))
    expect(statusesIn(await wire.ended)).toEqual(['204'])
  })

  it('that is reset, before it sends anything or after, harms no other', async () => {
    const { server, worker } = await served()
    for (const text of ['', postOf(finished()), postOf(bad())]) {
      const sockets = Array.from({ length: 20 }, () => net.connect(server.port, '127.0.0.1'))
      await Promise.all(sockets.map((socket) => once(socket, 'connect')))
      for (const socket of sockets) {
        if (text !== '') socket.write(text)
        socket.resetAndDestroy()
      }
    }
    const wire = await connect(server.port)
    wire.send(postOf(finished()))
    await wire.hears(/^HTTP\/1\.1 204 /)
    await eventually(() => expect(worker.metrics.requestsInFlight).toBe(0))
    wire.hangUp()
  })

  it('that never reads is not read for long', async () => {
    const { server, worker } = await served([], {}, { silenceMs: 500, checkMs: 50 })
    const socket = net.connect(server.port, '127.0.0.1').pause()
    await once(socket, 'connect')
    const errors: NodeJS.ErrnoException[] = []
    socket.on('error', (error) => errors.push(error))
    // Each answer is forty times as long as its request.
    const wrong = postOf('{}\n'.repeat(1000)).replace(json, ndjson)
    let sent = 0
    while (errors.length === 0 && sent < 2000) {
      const { field } = worker.metrics.rejected
      socket.write(wrong)
      sent += 1
      const isAnswered = () => expect(worker.metrics.rejected.field).toBeGreaterThan(field)
      await eventually(isAnswered, { timeout: 1500 }).catch(() => undefined)
    }
    expect(['EPIPE', 'ECONNRESET']).toContain(errors[0]?.code)
    expect(sent).toBeLessThan(2000)
  }, 30_000)
})
