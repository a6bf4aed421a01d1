import { once } from 'node:events'
import net, { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate as oneTurn } from 'node:timers/promises'

import { describe, expect, it } from 'vitest'

import { openPlainConnections } from '../../../infra/worker/src/http/plain-connections.ts'
import { limits } from '../../../infra/worker/src/limits.ts'
import { eventually } from '../../support/eventually.ts'
import { finished } from './support/events.ts'
import { json, ndjson } from './support/requests.ts'
import { later, served, stage } from './support/stage.ts'
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

  it('is closed where an answer takes long', async () => {
    const { server } = await served(['hang'], {}, { silenceMs: 300, checkMs: 50 })
    const wire = await connect(server.port)
    wire.send(postOf(finished()))
    expect(await wire.ended).toBe('')
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

describe('when the server closes', () => {
  it('a new connection still has its first request answered', async () => {
    const { server, posthog } = await served([], {}, { shutdownMs: 20_000 })
    const wires = await Promise.all(Array.from({ length: 20 }, () => connect(server.port)))
    await isTaken(server.port)
    const closed = server.close()
    for (const wire of wires) wire.send(postOf(finished()))
    for (const wire of wires) {
      expect(await wire.ended).toMatch(/^HTTP\/1\.1 204 [^]*\r\nConnection: close\r\n/)
    }
    await closed
    expect(posthog.stored).toHaveLength(20)
  })

  it('one that sends nothing does not hold it up for long', async () => {
    const { server } = await served([], {}, { shutdownMs: 20_000 })
    const wire = await connect(server.port)
    await isTaken(server.port)
    await server.close()
    expect(await wire.ended).toBe('')
  })
})

/** So that all connections before this one are taken as well. */
async function isTaken(port: number): Promise<void> {
  const wire = await connect(port)
  wire.send(postOf(bad()))
  await wire.hears(/HTTP/)
  wire.hangUp()
}

/** A connection whose other side does what the test says, when it says so. */
async function taken() {
  const { worker } = await stage()
  const connections = openPlainConnections(worker, {
    patience: limits,
    isClosing: () => false,
    readOn: () => undefined,
    late: () => undefined,
  })
  later(connections.destroyAll)
  let said = ''
  let read = (): void => undefined
  const duplex = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      said += bytes.toString()
      read = done
    },
  })
  const { destroySoon } = Socket.prototype
  const socket = Object.assign(duplex, { destroySoon }) as unknown as Socket
  connections.take(socket)
  return { worker, socket, statuses: () => statusesIn(said), read: () => read() }
}

describe('what arrives', () => {
  it('behind the last request is not read, and does not cost its answer', async () => {
    const { worker, socket, statuses, read } = await taken()
    socket.push(postOf(finished(), { headers: ['Connection: close'] }))
    await eventually(() => expect(statuses()).toEqual(['204']))
    socket.push(postOf(bad()))
    await oneTurn()
    expect(socket.destroyed).toBe(false)
    read()
    await once(socket, 'close')
    expect(worker.metrics.rejected.field).toBe(0)
  })

  it('before an answer is answered as well, also where nothing follows', async () => {
    const { socket, statuses, read } = await taken()
    socket.push(postOf(finished()))
    socket.push(postOf(bad()))
    socket.push(null)
    await eventually(() => expect(statuses()).toEqual(['204']))
    read()
    await eventually(() => expect(statuses()).toEqual(['204', '400']))
    read()
    await once(socket, 'close')
  })
})
