import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

import { afterAll, describe, expect, it } from 'vitest'

import { orphansSendTo } from '../../src/store/orphans.ts'
import { fillQueue, readNotice } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { tempHome } from '../support/home.ts'
import { cliCommand, cliJson, executable } from '../support/run.ts'
import { configure, host, runStage } from './stage.ts'

/** A collector that never answers, and never ends a connection either. */
async function silentCollector() {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('data', () => received())
    socket.on('error', () => undefined)
  })
  let received: () => void = () => undefined
  const arrival = new Promise<void>((resolve) => (received = resolve))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { sockets, arrival, port, url: `http://127.0.0.1:${port}/t` }
}

/** Connections to this port that were closed. One that was reset is in no list of the system's. */
function closedTo(port: number): readonly string[] {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to, state]) => to?.endsWith(remote) && state !== '01')
    .map((columns) => columns.join(' '))
}

// A closed connection is not enough: the kernel would go on sending for minutes.
describe.runIf(process.platform === 'linux')('what was not confirmed', () => {
  it.each(['close', 'nothing'] as const)(
    'is reset when the host ends by itself (%s)',
    async (end) => {
      const collector = await silentCollector()
      const { home } = await runStage()
      configure(home, collector.url)
      expect((await host(home, { end })).code).toBe(0)
      expect(collector.sockets.length).toBeGreaterThan(0)
      expect(closedTo(collector.port)).toEqual([])
      const sent = await cliJson<{ confirmed: boolean }[]>(home, ['log'])
      expect(sent.length).toBeGreaterThan(0)
      expect(sent.every(({ confirmed }) => !confirmed)).toBe(true)
    },
  )

  it.skipIf(executable !== undefined).each(['SIGINT', 'SIGTERM'] as const)(
    'is reset when an upload is interrupted (%s)',
    async (signal) => {
      const collector = await silentCollector()
      const home = tempHome()
      configure(home, collector.url)
      readNotice(home.state)
      fillQueue(home, 2)
      const [program, ...before] = cliCommand
      const upload = spawn(program, [...before, 'upload'], { cwd: home.path, env: home.env })
      let out = ''
      upload.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
      await collector.arrival
      upload.kill(signal)
      expect(await once(upload, 'close')).toEqual([1, null])
      expect(out).toContain('Delivery ended early: interrupted.\n2 events kept')
      expect(collector.sockets.length).toBeGreaterThan(0)
      expect(closedTo(collector.port)).toEqual([])
    },
  )

  it('is seen in the kernel after the process that sent it was killed', async () => {
    const { sockets, port } = await silentCollector()
    // Nobody reads, so most of it stays in the kernel.
    const flood = `const socket = require('node:net').connect(${port}, '127.0.0.1', () => {
        socket.write(Buffer.alloc(50_000_000))
        console.log('written')
      })`
    const sender = spawn(process.execPath, ['-e', flood])
    await once(sender.stdout, 'data')
    await eventually(() => sockets.length === 1)
    for (const socket of sockets) socket.pause()
    expect(orphansSendTo(port)).toBe(false)
    sender.kill('SIGKILL')
    await once(sender, 'close')
    await eventually(() => orphansSendTo(port))
    expect(orphansSendTo(port + 1)).toBe(false)
    for (const socket of sockets) socket.destroy()
    await eventually(() => !orphansSendTo(port))
  })
})
