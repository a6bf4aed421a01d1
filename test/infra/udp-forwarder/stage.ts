import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { afterAll, afterEach, beforeAll } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { type Collector, type CollectorOptions, startCollector } from '../../support/collector.ts'
import { root } from '../../support/run.ts'

export type Metrics = Readonly<Record<string, number>>

export interface Forwarder {
  readonly pid: number
  readonly port: number
  readonly health: string
  /** Its log so far. */
  readonly log: readonly Readonly<Record<string, unknown>>[]
  readonly metrics: () => Promise<Metrics>
  /** Waits until the metrics satisfy the condition. */
  readonly until: (holds: (metrics: Metrics) => boolean) => Promise<Metrics>
  readonly signal: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
  /** Sends SIGTERM and reports how it ended. */
  readonly end: () => Promise<Ended>
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export const key = 'key-of-the-tests'

/** Everything that a test of the forwarder starts ends with the test. */
export function openStage() {
  let folder = ''
  const endings: (() => unknown)[] = []

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'forwarder-'))
    execFileSync(process.execPath, [path.join(root, 'infra/udp-forwarder/build.js'), folder])
  })
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const start = (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        NODE_OPTIONS: `--require=${path.join(root, 'test/support/guard.cjs')}`,
        TEST_TRIPWIRE: process.env['TEST_TRIPWIRE'],
        ...env,
      },
    })
    endings.push(() => gone(child, 'SIGKILL'))
    return child
  }
  const environment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
    UDP_PORT: '0',
    HEALTH_PORT: '0',
    TELEMETRY_INGESTION_KEY: key,
    FORWARDER_BATCH_DELAY_MS: '5',
    ...env,
  })

  return {
    file: (name: string): string => path.join(folder, name),

    collector: async (options: CollectorOptions = {}): Promise<Collector> => {
      const collector = await startCollector(options)
      endings.push(collector.stop)
      return collector
    },

    /** A stand-in for the worker in its own process, which writes what it takes to a file. */
    worker: async (file: string, port = 0) => {
      const child = start(
        fileURLToPath(new URL('./worker.cjs', import.meta.url)),
        [file, String(port)],
        {},
      )
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      return {
        port: Number(line),
        url: `http://127.0.0.1:${line}/v1/t`,
        kill: () => gone(child, 'SIGKILL'),
      }
    },

    forwarder: async (endpoint: string, env: NodeJS.ProcessEnv = {}): Promise<Forwarder> => {
      const child = start(
        path.join(folder, 'forwarder.js'),
        [],
        environment({ TELEMETRY_HTTP_ENDPOINT: endpoint, ...env }),
      )
      return await describe(child)
    },

    /** For a forwarder that fails before it listens. */
    failing: async (env: NodeJS.ProcessEnv) => {
      const child = start(path.join(folder, 'forwarder.js'), [], environment(env))
      return await collect(child)
    },
  }
}

/** Sends datagrams one by one and returns the number of answers, which must be 0. */
export async function send(
  port: number,
  datagrams: readonly (string | Uint8Array)[],
  family: 'ipv4' | 'ipv6' = 'ipv4',
): Promise<{ readonly answers: () => number; readonly close: () => void }> {
  const [type, address] =
    family === 'ipv4' ? (['udp4', '127.0.0.1'] as const) : (['udp6', '::1'] as const)
  const socket = createSocket(type)
  let answers = 0
  socket.on('message', () => {
    answers += 1
  })
  for (const datagram of datagrams) {
    await new Promise<void>((resolve, reject) => {
      socket.send(datagram, port, address, (error) => (error ? reject(error) : resolve()))
    })
  }
  socket.unref()
  return { answers: () => answers, close: () => socket.close() }
}

export async function sendAll(
  port: number,
  datagrams: readonly (string | Uint8Array)[],
  family: 'ipv4' | 'ipv6' = 'ipv4',
): Promise<void> {
  const { close } = await send(port, datagrams, family)
  close()
}

export function events(count: number, first = 1): readonly string[] {
  return Array.from({ length: count }, (_, index) => JSON.stringify({ event: first + index }))
}

export function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** Every event the collector received, including repeats. */
export function linesAt({ events: posts }: Collector): readonly string[] {
  return posts.flatMap(({ text }) => linesOf(text))
}

async function describe(child: ChildProcess): Promise<Forwarder> {
  const log: Record<string, unknown>[] = []
  const ended = collect(child)
  const lines = createInterface(child.stdout ?? process.stdin)
  lines.on('line', (line) => log.push(JSON.parse(line) as Record<string, unknown>))
  const [first] = (await Promise.race([
    once(lines, 'line'),
    ended.then(({ err }) => Promise.reject(new Error(`it ended: ${err}`))),
  ])) as [string]
  const { udp, health: port } = JSON.parse(first) as { udp: number; health: number }
  const health = `http://127.0.0.1:${port}`
  const metrics = async (): Promise<Metrics> => {
    const answer = await fetch(`${health}/metrics`, { headers: { connection: 'close' } })
    const samples = (await answer.text()).matchAll(/^telemetry_forwarder_(.+) (\d+)$/gm)
    return Object.fromEntries([...samples].map(([, name, value]) => [name, Number(value)]))
  }
  return {
    pid: child.pid ?? 0,
    port: udp,
    health,
    log,
    metrics,
    until: (holds) =>
      eventually(async () => {
        const seen = await metrics()
        if (!holds(seen)) throw new Error(`not yet: ${JSON.stringify(seen)}`)
        return seen
      }),
    signal: (signal) => child.kill(signal),
    ended,
    end: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

async function collect(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

async function gone(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'close')
}

export function linesIn(file: string): readonly string[] {
  return linesOf(readFileSync(file, 'utf8'))
}
