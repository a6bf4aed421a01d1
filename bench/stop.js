import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { fillQueue, makeEvents } from './support/events.js'
import { median, quantile } from './support/numbers.js'
import { node, startServer } from './support/process.js'
import { pointTo, uploaderOf } from './support/uploader.js'

const limitMs = 2000
const waiting = 1000

/** How long `disable` takes while an uploader waits for answers to a thousand events. */
export async function stop(stage, { quick }) {
  const hanging = await startServer(stage.program('hanging.js'), process.env)
  try {
    const rounds = quick ? 3 : 10
    return [
      row('that sees it', await timesOf(stage, rounds, hanging.url)),
      row('that is frozen', await timesOf(stage, rounds, hanging.url, 'SIGSTOP')),
    ]
  } finally {
    hanging.stop()
  }
}

async function timesOf(stage, rounds, url, signal = 0) {
  const events = makeEvents(stage.internals, waiting)
  const times = []
  for (let round = 0; round < rounds; round += 1) {
    const home = stage.home()
    pointTo(home, url)
    const uploader = await startUploader(stage, home, events)
    process.kill(uploader.pid, signal)
    const ended = once(uploader, 'exit')
    times.push(node([stage.at('bin/runmat-telemetry.js'), 'disable'], home).took)
    await ended
  }
  return times
}

async function startUploader(stage, home, events) {
  const { program, ...options } = uploaderOf(stage, home)
  fillQueue(home.queue, events)
  const uploader = spawn(process.execPath, [program], { ...options, stdio: 'ignore' })
  const lock = path.join(home.state, '.lock')
  const isAtWork = () => existsSync(lock) && readFileSync(lock, 'utf8').includes(`${uploader.pid}`)
  while (!isAtWork()) await pause(5)
  return uploader
}

function row(what, times) {
  const p99 = quantile(times, 0.99)
  return {
    what: `disable beside an uploader ${what}, 1,000 events`,
    median: median(times),
    p99,
    limit: `p99 ≤ ${limitMs} ms`,
    holds: p99 <= limitMs,
  }
}
