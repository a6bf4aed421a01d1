import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { cores, hurry, startOn, usageOf } from './support/cores.js'

const limitMb = 150
const rate = 20_000
const patienceMs = 60_000

/** Losses and memory at 20,000 datagrams a second, with the worker up and down. */
export async function forwarder(stage, { quick }) {
  hurry()
  const build = path.join(stage.root, 'infra/udp-forwarder/build.js')
  execFileSync(process.execPath, [build, stage.at('forwarder')])
  const count = quick ? 20_000 : 60_000
  const awayMs = quick ? 3000 : 30_000
  const away = `worker away for ${awayMs / 1000} s`
  return [
    ...(await measure(stage, 'worker there', { count })),
    ...(await measure(stage, 'the kernel’s default buffer', {
      count,
      env: { FORWARDER_RECEIVE_BUFFER_BYTES: '212992' },
      isPromised: false,
    })),
    ...(await measure(stage, away, { count, awayMs })),
    ...(await measure(stage, `${away}, flood of 4 × as many at twice the rate`, {
      count: count * 4,
      each: rate * 2,
      awayMs,
      isPromised: false,
    })),
  ]
}

async function measure(
  stage,
  what,
  { count, each = rate, awayMs = 0, env = {}, isPromised = true },
) {
  const startWorker = (port) =>
    startOn(cores.measuring, [stage.program('counting-worker.js'), port])
  let worker = await startWorker(0)
  const port = worker.line
  if (awayMs > 0) await worker.kill()
  const ours = await startForwarder(stage, port, env)
  try {
    const start = performance.now()
    const program = [stage.program('datagrams.js'), ours.udp, count, each]
    const sender = JSON.parse((await startOn(cores.measuring, program)).line)
    if (awayMs > 0) {
      await pause(Math.max(0, awayMs - (performance.now() - start)))
      worker = await startWorker(port)
    }
    const latest = performance.now() + patienceMs
    while (performance.now() < latest && (await ours.open()) > 0) await pause(20)
    const { distinct } = await (await fetch(`http://127.0.0.1:${port}/`)).json()
    const { peakMb, cpuMs } = usageOf(ours.pid)
    const lost = count - distinct
    const name = `forwarder, ${what}`
    return [
      {
        what: `${name}: lost of ${count.toLocaleString('en')} at ${Math.round(sender.rate).toLocaleString('en')}/s`,
        median: lost,
        unit: '',
        beside: `${await ours.dropped()} of them in the kernel; ${((cpuMs * 1000) / count).toFixed(1)} µs for each`,
        ...(isPromised && { limit: 'none', holds: lost === 0 }),
      },
      {
        what: `${name}: most memory`,
        median: peakMb,
        unit: 'MB',
        limit: `≤ ${limitMb} MB`,
        holds: peakMb <= limitMb,
      },
    ]
  } finally {
    await Promise.all([ours.kill(), worker.kill()])
  }
}

async function startForwarder(stage, worker, env) {
  const { line, ...process } = await startOn(cores.measured, [stage.at('forwarder/forwarder.js')], {
    PATH: globalThis.process.env.PATH,
    UDP_PORT: '0',
    HEALTH_PORT: '0',
    TELEMETRY_HTTP_ENDPOINT: `http://127.0.0.1:${worker}/ingest`,
    TELEMETRY_INGESTION_KEY: 'key-of-the-benchmark',
    ...env,
  })
  const { udp, health } = JSON.parse(line)
  const metric = async (...names) => {
    const text = await (await fetch(`http://127.0.0.1:${health}/metrics`)).text()
    const value = (name) => new RegExp(`^telemetry_forwarder_${name} (\\d+)$`, 'm').exec(text)?.[1]
    return names.reduce((total, name) => total + Number(value(name) ?? 0), 0)
  }
  return {
    ...process,
    udp,
    open: () => metric('events_waiting', 'events_under_way'),
    dropped: () => metric('datagrams_dropped_by_kernel_total'),
  }
}
