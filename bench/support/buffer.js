import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'

const root = path.resolve(import.meta.dirname, '../..')

/** A long event of a run: 1,000 bytes on the wire. */
export const event = readFileSync(
  path.join(root, 'test/contract/wire/runtime-finished-full.json'),
  'utf8',
).trim()

export function buildWorker(stage) {
  execFileSync(process.execPath, [path.join(root, 'infra/worker/build.js'), stage.at('worker')])
  return stage.at('worker/worker.js')
}

/** A nats-server with its own folder and port. */
export async function startNats(stage) {
  const folder = stage.at(`nats-${process.hrtime.bigint()}`)
  const port = await freePort()
  const file = `${folder}.conf`
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${folder}", max_file_store: 8GB }\n`,
  )
  const child = spawn('nats-server', ['-c', file], { stdio: 'ignore' })
  const failed = once(child, 'error').then(([error]) => Promise.reject(error))
  failed.catch(() => undefined)
  while (!(await Promise.race([accepts(port), failed]))) await pause(20)
  return {
    url: `nats://127.0.0.1:${port}`,
    pid: child.pid,
    stop: async () => {
      await end(child, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The worker in a given role. Its log is discarded. */
export async function startWorker(program, env) {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { HOST: '127.0.0.1', PORT: '0', INGESTION_KEY: 'key-of-the-benchmark', ...env },
  })
  const lines = createInterface(child.stdout)
  const port = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the worker ended')))
    lines.on('line', (line) => {
      const found = /"port":(\d+)/.exec(line)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
  })
  lines.close()
  child.stdout.resume()
  return {
    port,
    pid: child.pid,
    ready: async () => {
      for (;;) {
        const { ok } = await fetch(`http://127.0.0.1:${port}/readyz`)
        if (ok) return
        await pause(50)
      }
    },
    figure: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      const line = text.split('\n').find((one) => one.startsWith(`telemetry_${name} `))
      return line === undefined ? Number.NaN : Number(line.split(' ')[1])
    },
    stop: () => end(child, 'SIGTERM'),
  }
}

/** The processor time of a process in milliseconds. Linux only. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Its peak memory in bytes. Linux only. */
export function memoryOf(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
}

/** Its current memory. */
export function residentOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
}

export async function runProgram(program, args) {
  const child = spawn(process.execPath, [program, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const [line] = await once(createInterface(child.stdout), 'line')
  await ended
  return JSON.parse(line)
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const say = (answer) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', say(true)).on('error', say(false))
  })
}
