import { writeFileSync } from 'node:fs'

import { difference, median, quantile } from './support/numbers.js'
import { node, startServer } from './support/process.js'
import { holdBack, pointTo } from './support/uploader.js'

const drainMs = 50
const limits = { addedMs: 5, silentMs: 1, megabytes: 10 }
const refusing = 'http://127.0.0.1:9/v1/t'

/** What a run costs its host if the collector does not answer, and if nothing may be sent. */
export async function runs(stage, { quick }) {
  const hanging = await startServer(stage.program('hanging.js'), process.env)
  const rounds = quick ? 20 : 100
  try {
    return [
      drainRow('hangs', timesOf(stage, rounds, hanging.url)),
      drainRow('refuses', timesOf(stage, rounds, refusing)),
      silentRow(timesOf(stage, rounds * 10, '', 'uploads = false')),
      memoryRow(stage, 100_000),
    ]
  } finally {
    hanging.stop()
  }
}

/** In a host that has been running for a while, on a machine where the notice was seen. */
function timesOf(stage, rounds, url, more = '') {
  const home = homeFor(stage, url, more)
  node([stage.program('runs.js'), 'one', '1'], home)
  const drain = url === '' ? 0 : drainMs
  const args = [stage.program('runs.js'), 'one', String(rounds + 5), home.state, String(drain)]
  const { ours, timer } = JSON.parse(node(args, home).out)
  return { ours: ours.slice(5), timer: timer.slice(5) }
}

function drainRow(what, { ours, timer }) {
  const added = difference(ours, timer)
  return {
    what: `startRun + finish + close, endpoint ${what}, drain ${drainMs} ms`,
    median: median(ours),
    p99: quantile(ours, 0.99),
    beside: `a timer of ${drainMs} ms: ${median(timer).toFixed(1)} ms; added: ${added.toFixed(1)} ms`,
    limit: `≤ ${limits.addedMs} ms added`,
    holds: added <= limits.addedMs,
  }
}

function silentRow({ ours }) {
  return {
    what: 'startRun + finish + close, nothing may be sent',
    median: median(ours),
    p99: quantile(ours, 0.99),
    limit: `≤ ${limits.silentMs} ms`,
    holds: median(ours) <= limits.silentMs,
  }
}

function homeFor(stage, url, more) {
  const home = stage.home()
  holdBack(home)
  if (url !== '') pointTo(home, url)
  else writeFileSync(home.settings, `[telemetry]\n${more}\n`)
  return home
}

function memoryRow(stage, count) {
  const home = homeFor(stage, refusing)
  node([stage.program('runs.js'), 'one', '1'], home)
  const args = ['--expose-gc', stage.program('runs.js'), 'many', String(count)]
  const [early, late] = JSON.parse(node(args, home).out)
  return {
    what: `memory that ${count.toLocaleString('en')} runs add to a tenth of them`,
    median: late - early,
    unit: 'MB',
    beside: `after a tenth: ${early.toFixed(0)} MB`,
    limit: `≤ ${limits.megabytes} MB`,
    holds: late - early <= limits.megabytes,
  }
}
