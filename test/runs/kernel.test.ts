import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { portInFlight } from '../../src/store/in-flight.ts'
import { orphansSendTo } from '../../src/store/orphans.ts'
import { signatureOf, thisHolder } from '../../src/store/process-identity.ts'
import { fillQueue, readNotice } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { tempHome } from '../support/home.ts'
import { library, uploaderCommand, uploaderEnv } from '../faults/stage.ts'
import { program } from '../support/programs.ts'
import { cli, cliCommand, cliJson, executable, run } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'
import { configure, host, runStage, udpSink } from './stage.ts'

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

/**
 * Connections to this port that were closed with something left to do. One that was reset is in no list of
 * the system's. One in TIME-WAIT is another test's, which had the port before: our collector never closes.
 */
function closedTo(port: number): readonly string[] {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to, state]) => to?.endsWith(remote) && !['01', '06'].includes(state ?? ''))
    .map((columns) => columns.join(' '))
}

/** A network of its own, in which nobody answers at 10.9.9.2. */
const silentNetwork = [
  'ip link add near type veth peer name far',
  'ip addr add 10.9.9.1/24 dev near',
  'for one in near far lo; do ip link set "$one" up; done',
].join(' && ')

const hasNetworks =
  process.platform === 'linux' &&
  requireTool('ip') &&
  spawnSync('unshare', ['--net', 'sh', '-c', silentNetwork]).status === 0

describe.runIf(hasNetworks)('a datagram for which the kernel looks for the receiver', () => {
  it.each([false, true])('is waited for by disable (sync_mode = %s)', async (isSync) => {
    const { home } = await runStage({ answer: 500 }, '')
    const url = 'http://127.0.0.1:9/t'
    configure(home, url, `udp_endpoint = "10.9.9.2:7846"\nsync_mode = ${isSync}\n`)
    const play = JSON.stringify({ library, end: 'close', runs: 1 })
    const words = [process.execPath, program('runner'), play]
    const script = `${silentNetwork} && exec "$@"`
    const inNetwork = ['--net', 'sh', '-c', script, 'sh', ...words]
    // That network is the guard against posts to other machines.
    const env = { NODE_OPTIONS: undefined }
    expect((await run('unshare', inNetwork, home, { env })).code).toBe(0)
    const marks = () => readdirSync(home.state).filter((name) => name.startsWith('leaving-'))
    expect(marks()).toHaveLength(2)
    const made = marks().map((name) => statSync(path.join(home.state, name)).mtimeMs)
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(Date.now() - Math.max(...made)).toBeGreaterThanOrEqual(3990)
  })

  it('leaves no mark where it is sent at once', async () => {
    const { address } = await udpSink()
    const { home } = await runStage({}, `udp_endpoint = "${address}"\n`)
    expect((await host(home, {})).code).toBe(0)
    expect(readdirSync(home.state).filter((name) => name.startsWith('leaving-'))).toEqual([])
  })
})

describe('the marker of a process that ended while it sent', () => {
  const dead = signatureOf({ ...thisHolder(), born: '1' })

  it.runIf(process.platform === 'linux').each([
    ['a datagram', '.udp', 3990],
    ['a post', '', 0],
  ])('is waited for by disable as long as the kernel can have it: %s', async (_, end, atLeast) => {
    const { home } = await runStage()
    const marker = `${home.state}/senders/${crypto.randomUUID()}${end}`
    home.write(marker, dead)
    const { mtimeMs } = statSync(marker)
    expect((await cli(home, ['disable'])).code).toBe(0)
    const waited = Date.now() - mtimeMs
    expect(waited).toBeGreaterThanOrEqual(atLeast)
    expect(waited).toBeLessThan(atLeast + 3000)
    expect(readdirSync(`${home.state}/senders`)).toEqual([])
    expect(readdirSync(home.state).filter((name) => name.startsWith('leaving-'))).toEqual([])
  })
})

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
      const [command, ...before] = cliCommand
      const upload = spawn(command, [...before, 'upload'], { cwd: home.path, env: home.env })
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

  /** What the kernel has of a process that was killed: nobody reads, so most of it stays there. */
  const orphan = async () => {
    const { sockets, port } = await silentCollector()
    const flood = `const socket = require('node:net').connect(${port}, '127.0.0.1', () => {
        socket.write(Buffer.alloc(50_000_000))
        console.log('written')
      })`
    const sender = spawn(process.execPath, ['-e', flood])
    await once(sender.stdout, 'data')
    await eventually(() => expect(sockets).toHaveLength(1))
    for (const socket of sockets) socket.pause()
    expect(orphansSendTo(port)).toBe(false)
    sender.kill('SIGKILL')
    await once(sender, 'close')
    await eventually(() => expect(orphansSendTo(port)).toBe(true))
    return {
      port,
      end: async () => {
        for (const socket of sockets) socket.destroy()
        await eventually(() => expect(orphansSendTo(port)).toBe(false))
      },
    }
  }

  it('is seen in the kernel after the process that sent it was killed', async () => {
    const { port, end } = await orphan()
    expect(orphansSendTo(port + 1)).toBe(false)
    await end()
  })

  it.runIf(hasNetworks)('is not looked for once all of it has arrived', async () => {
    const { home } = await runStage()
    const note = `${home.state}/in-flight.ndjson`
    home.write(note, '')
    const post = `require('node:net').connect(+process.argv[1], '127.0.0.1', function () {
      this.write('x'.repeat(500))
    })`
    const script = `
      const { execFileSync, spawn } = require('node:child_process')
      const { readFileSync, writeFileSync } = require('node:fs')
      execFileSync('ip', ['link', 'set', 'lo', 'up'])
      const server = require('node:net').createServer((socket) => {
        socket.once('data', () => {
          // What is left to arrive is the end of the connection.
          const isAcknowledged = () => readFileSync('/proc/net/tcp', 'utf8')
            .split('\\n').some((line) => / 01 00000000:00000000 /.test(line) && line.includes(to))
          while (!isAcknowledged()) {}
          execFileSync('ip', ['link', 'set', 'lo', 'down'])
          sender.kill('SIGKILL')
        })
      })
      let sender, to
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address()
        to = ':' + port.toString(16).toUpperCase().padStart(4, '0') + ' 01'
        writeFileSync(process.argv[1], JSON.stringify({ port }) + '\\n')
        sender = spawn(process.execPath, ['-e', ${JSON.stringify(post)}, port])
        sender.on('close', () => {
          if (!/ 04 00000001:/.test(readFileSync('/proc/net/tcp', 'utf8'))) process.exit(3)
          execFileSync(process.argv[2], process.argv.slice(3), { stdio: 'inherit' })
          process.exit()
        })
      })`
    const disable = [...cliCommand, 'disable']
    const inNetwork = ['--net', process.execPath, '-e', script, note, ...disable]
    const { code, err } = await run('unshare', inNetwork, home)
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('is told from what other programs are closing all the time', async () => {
    // What is written here is never read, and each connection stays in the kernel for 300 ms after its end.
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => undefined)
      setTimeout(() => socket.destroy(), 350)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const flood = `setInterval(() => {
        const socket = require('node:net').connect(${port}, '127.0.0.1', () => {
          socket.write(Buffer.alloc(10_000_000))
          setTimeout(() => socket.destroy(), 50)
        })
        socket.on('error', () => undefined)
      }, 50)`
    const other = spawn(process.execPath, ['-e', flood], { stdio: 'ignore' })
    try {
      await eventually(() => expect(orphansSendTo(port)).toBe(true))
      const { home } = await runStage()
      configure(home, `http://127.0.0.1:${port}/t`)
      home.write(`${home.state}/in-flight.ndjson`, `{"port":${port}}\n`)
      expect(await cli(home, ['disable'])).toMatchObject({ code: 0, err: '' })
    } finally {
      other.kill('SIGKILL')
      server.close()
    }
  })

  it.each([
    ['an uploader', (port: number) => ['in-flight.ndjson', `{"port":${port}}\n`]],
    [
      'an installer',
      (port: number) => [
        `leaving-${crypto.randomUUID()}.tmp`,
        JSON.stringify({ pid: 4194304, endpoint: `http://127.0.0.1:${port}/t`, event: {} }),
      ],
    ],
    [
      'a host',
      () => [`senders/${crypto.randomUUID()}`, signatureOf({ ...thisHolder(), born: '1' })],
    ],
  ] as const)('is not passed over by disable if %s was killed before', async (_, noteOf) => {
    const { port, end } = await orphan()
    const { home } = await runStage()
    configure(home, `http://127.0.0.1:${port}/t`)
    const [name = '', text = ''] = noteOf(port)
    home.write(`${home.state}/${name}`, text)
    const isSending = { code: 1, err: expect.stringContaining('the system may still be sending') }
    expect(await cli(home, ['disable'])).toMatchObject(isSending)
    expect(await cli(home, ['disable'])).toMatchObject(isSending)
    await end()
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(home.has(`${home.state}/${name}`)).toBe(false)
  })

  it.each([
    ['an upload', ['upload'], ['disable']],
    ['another address', [], ['endpoint', 'http://127.0.0.1:9/t']],
    ['everything else', [], ['disable', '--forget']],
  ])('is not forgotten with %s', async (_, before, last) => {
    const { port, end } = await orphan()
    const { home, collector } = await runStage()
    const count = before.length
    fillQueue(home, count)
    home.write(`${home.state}/in-flight.ndjson`, `{"port":${port}}\n`)
    if (count > 0) expect((await cli(home, before)).code).toBe(0)
    expect(collector.requests).toBe(count)
    const isSending = { code: 1, err: expect.stringContaining('the system may still be sending') }
    expect(await cli(home, last)).toMatchObject(isSending)
    expect(await cli(home, ['disable'])).toMatchObject(isSending)
    await end()
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(readdirSync(home.state).filter((name) => /leaving|flight/.test(name))).toEqual([])
  })

  it('is not forgotten while the machine sleeps', async () => {
    const { port, end } = await orphan()
    const { home } = await runStage()
    const note = `${home.state}/in-flight.ndjson`
    home.write(note, `{"port":${port}}\n`)
    const before = Date.now() / 1000 - 8 * 60 * 60
    utimesSync(note, before, before)
    expect((await cli(home, ['disable'])).code).toBe(1)
    await end()
    expect((await cli(home, ['disable'])).code).toBe(0)
  })

  it('is looked for where an installer had sent it: to a proxy', async () => {
    const { port, end } = await orphan()
    const { home } = await runStage()
    const sent = { pid: 4194304, endpoint: 'http://127.0.0.1:9/t', event: {} }
    const mark = `${home.state}/leaving-${crypto.randomUUID()}.tmp`
    home.write(mark, JSON.stringify(sent))
    // curl and wget hear the same variables.
    const env = { http_proxy: `http://127.0.0.1:${port}` }
    const isSending = { code: 1, err: expect.stringContaining('the system may still be sending') }
    expect(await cli(home, ['disable'], { env })).toMatchObject(isSending)
    await end()
    expect((await cli(home, ['disable'], { env })).code).toBe(0)
    expect(home.has(mark)).toBe(false)
  })

  it('is looked for where a host had sent it: to a proxy', async () => {
    const { port, end } = await orphan()
    const proxy = await silentCollector()
    const { home } = await runStage()
    configure(home, 'http://127.0.0.1:9/t', 'drain_timeout_ms = 5000\n')
    const play = JSON.stringify({ library, end: 'close' })
    const env = { ...home.env, http_proxy: `http://127.0.0.1:${proxy.port}` }
    const child = spawn(process.execPath, [program('runner'), play], { env, stdio: 'ignore' })
    await proxy.arrival
    child.kill('SIGKILL')
    await once(child, 'close')
    const markers = readdirSync(`${home.state}/senders`).map(
      (name) => `${home.state}/senders/${name}`,
    )
    expect(markers.length).toBeGreaterThan(0)
    // As if it had been sent to where something is left.
    for (const file of markers) {
      expect(home.read(file)).toContain(`"port":${proxy.port}}`)
      home.write(file, home.read(file).replace(`"port":${proxy.port}`, `"port":${port}`))
    }
    expect((await cli(home, ['disable'])).code).toBe(1)
    await end()
    expect((await cli(home, ['disable'])).code).toBe(0)
  })

  it('is looked for where an uploader had sent it: to a proxy', async () => {
    const proxy = await silentCollector()
    const { home } = await runStage()
    configure(home, 'http://127.0.0.1:9/t')
    fillQueue(home, 1)
    const [command, ...args] = uploaderCommand
    const env = { ...home.env, ...uploaderEnv, http_proxy: `http://127.0.0.1:${proxy.port}` }
    const child = spawn(command, args, { env, stdio: 'ignore' })
    await proxy.arrival
    expect(portInFlight(home)).toBe(proxy.port)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(portInFlight(home)).toBe(proxy.port)
    const before = Date.now() / 1000 - 48 * 60 * 60
    utimesSync(`${home.state}/in-flight.ndjson`, before, before)
    expect(portInFlight(home)).toBeUndefined()
  })
})
