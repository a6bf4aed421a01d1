import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'

import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'

import { tempHome } from '../../../support/home.ts'
import { ownPorts } from '../../../support/ports.ts'
import { requireTool } from '../../../support/tools.ts'
import { later } from '../../worker/support/stage.ts'

export const hasNats = requireTool('nats-server')

export interface NatsServer {
  readonly url: string
  readonly start: () => Promise<void>
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>
  readonly said: () => string
}

export interface Nats {
  readonly servers: readonly NatsServer[]
  /** For BUFFER_URL. */
  readonly url: string
  /** Where the servers keep everything: one folder each. */
  readonly stores: readonly string[]
  /** Inspects the servers without the code under test. */
  readonly manager: () => Promise<JetStreamManager>
  readonly connection: () => Promise<NatsConnection>
  /** Which server leads the stream. */
  readonly leader: (stream?: string) => Promise<NatsServer>
}

/** Starts one server or a cluster, each with its own folder and port. */
export async function startNats(count: 1 | 3 = 1): Promise<Nats> {
  const home = tempHome()
  const ports = await ownPorts(count * 2)
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`)
  const stores = Array.from({ length: count }, (_, index) => home.at(`store-n${index}`))
  const servers = stores.map((folder, index) => {
    const name = `n${index}`
    const clustered = `cluster { name: test, listen: "127.0.0.1:${ports[count + index]}", routes: [${routes
      .filter((_route, other) => other !== index)
      .map((route) => `"${route}"`)
      .join(', ')}] }`
    mkdirSync(folder, { recursive: true })
    const file = home.at(`${name}.conf`)
    writeFileSync(
      file,
      `server_name: ${name}
listen: "127.0.0.1:${ports[index]}"
jetstream { store_dir: "${folder}", max_file_store: 2GB, max_memory_store: 16MB }
${count > 1 ? clustered : ''}
`,
    )
    return serverOf(file, `nats://127.0.0.1:${ports[index]}`, Number(ports[index]))
  })
  await Promise.all(servers.map((server) => server.start()))
  const connection = async (): Promise<NatsConnection> => {
    const made = await connect({
      servers: servers.map(({ url }) => url.replace(/^\w+:\/\//, '')),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      ignoreClusterUpdates: true,
    })
    later(() => made.close())
    return made
  }
  let first: Promise<JetStreamManager> | undefined
  const manager = () =>
    (first ??= connection().then((made) => jetstreamManager(made, { checkAPI: false })))
  return {
    servers,
    stores,
    url: servers.map(({ url }) => url).join(','),
    manager,
    connection,
    leader: async (stream = 'telemetry') => {
      const { cluster } = await (await manager()).streams.info(stream)
      const server = servers[Number((cluster?.leader ?? 'n0').slice(1))]
      if (server === undefined) throw new Error(`no leader: ${JSON.stringify(cluster)}`)
      return server
    },
  }
}

export function serverOf(
  file: string,
  url: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
): NatsServer {
  let child: ChildProcess | undefined
  let text = ''
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const { exitCode, signalCode } = child ?? {}
    if (child === undefined || exitCode !== null || signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  later(() => stop())
  return {
    url,
    said: () => text,
    stop,
    start: async () => {
      const started = spawn('nats-server', ['-c', file], {
        cwd: path.dirname(file),
        env: { PATH: process.env['PATH'], ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = started
      let end = false
      started.on('exit', () => {
        end = true
      })
      for (const stream of [started.stdout, started.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
      }
      while (!(await accepts(port))) {
        if (end) throw new Error(`nats-server ended: ${text}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', end(true)).on('error', end(false))
  })
}
