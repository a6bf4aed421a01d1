// Measures what the forwarder promises: none lost at 20,000 datagrams a second, in little memory.
// It reports and never fails: `node infra/udp-forwarder/bench/run.js [--quick]`.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const here = import.meta.dirname
const quick = process.argv.includes('--quick')
const count = quick ? 20_000 : 60_000
const awayMs = quick ? 3000 : 30_000
const mebibyte = 1024 * 1024

execFileSync(process.execPath, [path.join(here, '../build.js')], { stdio: 'inherit' })

// Whatever else this machine is at must not be what we measure. All processes of the bench get the
// same; where we may not have it, the column of waiting tells.
try {
  os.setPriority(-15)
} catch {
  process.stderr.write('measured among everything else that runs here\n')
}

const rows = []
const cases = {
  'worker there': {},
  'worker there, kernel’s default buffer': { env: { FORWARDER_RECEIVE_BUFFER_BYTES: '212992' } },
  [`worker away for ${awayMs / 1000} s`]: { awayMs },
  'flood of 4 × as many, worker away': { awayMs, count: count * 4, rate: 40_000 },
}
const wanted = process.argv.includes('--first') ? 1 : 4
for (const [what, options] of Object.entries(cases).slice(0, wanted)) {
  process.stderr.write(`measuring ${what} …\n`)
  rows.push(await measure(what, options))
}
process.stdout.write(`${rows.map(textOf).join('\n')}\n`)

async function measure(what, { env = {}, awayMs: away = 0, count: sends = count, rate = 20_000 }) {
  let worker = await startWorker(0)
  const port = worker.port
  if (away > 0) await worker.stop()
  const forwarder = await startForwarder(port, env)
  const start = performance.now()
  const sender = await run([
    fileURLToPath(new URL('./sender.js', import.meta.url)),
    forwarder.port,
    sends,
    rate,
  ])
  if (away > 0) {
    await pause(Math.max(0, away - (performance.now() - start)))
    worker = await startWorker(port)
  }
  const latest = performance.now() + 60_000
  let metrics = await forwarder.metrics()
  while (performance.now() < latest && openEvents(metrics) > 0) {
    await pause(20)
    metrics = await forwarder.metrics()
  }
  const settledMs = performance.now() - start
  const { distinct, posts } = await worker.stored()
  const { rss, cpuMs, waitedMs } = forwarder.usage()
  await forwarder.stop()
  await worker.stop()
  const lost = sends - distinct
  const isFlood = sends > count
  return {
    what,
    sent: `${sends} at ${Math.round(sender.rate)}/s`,
    stored: distinct,
    lost: `${lost}${isFlood ? '' : ' (limit 0)'}`,
    'dropped by the kernel': metrics.datagrams_dropped_by_kernel_total ?? 0,
    'gave way': metrics.events_given_way_total,
    posts,
    'most memory': `${Math.round(rss / mebibyte)} MiB (limit 150)`,
    'all done after': `${(settledMs / 1000).toFixed(1)} s`,
    CPU: `${((cpuMs * 1000) / sends).toFixed(1)} µs for each`,
    'waited for a CPU': `${Math.round(waitedMs)} ms`,
    verdict: (isFlood || lost === 0) && rss <= 150 * mebibyte ? 'holds' : 'falls short',
  }
}

function textOf(row) {
  return Object.entries(row)
    .map(([name, value]) => (name === 'what' ? value : `  ${name.padEnd(24)}${value}`))
    .join('\n')
}

function openEvents({ events_waiting: waiting, events_under_way: underWay }) {
  return waiting + underWay
}

async function startWorker(port) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./worker.js', import.meta.url)), port],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [line] = await once(createInterface(child.stdout), 'line')
  return {
    port: Number(line),
    stored: async () => (await fetch(`http://127.0.0.1:${line}/`)).json(),
    stop: () => end(child, 'SIGKILL'),
  }
}

async function startForwarder(worker, env) {
  const child = spawn(process.execPath, [path.join(here, '../dist/forwarder.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      UDP_PORT: '0',
      HEALTH_PORT: '0',
      TELEMETRY_HTTP_ENDPOINT: `http://127.0.0.1:${worker}/ingest`,
      TELEMETRY_INGESTION_KEY: 'bench',
      ...env,
    },
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  const { udp, health } = JSON.parse(line)
  return {
    port: udp,
    metrics: async () => parse(await (await fetch(`http://127.0.0.1:${health}/metrics`)).text()),
    usage: () => usageOf(child.pid),
    stop: () => end(child, 'SIGTERM'),
  }
}

function parse(text) {
  const samples = text.matchAll(/^telemetry_forwarder_(\w+) (\d+)$/gm)
  return Object.fromEntries([...samples].map(([, name, value]) => [name, Number(value)]))
}

/** The most memory it ever had, the time it worked, and that it would have. Linux only. */
function usageOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const times = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  const ticks = Number(times[11]) + Number(times[12])
  const waitedMs = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  return { waitedMs, rss: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) * 1024, cpuMs: ticks * 10 }
}

async function run(args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(child.stdout), 'line')
  return JSON.parse(line)
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}
