import { readFileSync, writeFileSync } from 'node:fs'

import { fillQueue, makeEvents } from './support/events.js'
import { median, quantile, ratio } from './support/numbers.js'
import { places } from './support/places.js'
import { node } from './support/process.js'
import { holdBack } from './support/uploader.js'

const limits = { ratio: 3, p99: 1 }
const warmUp = 200

/** How long a host waits if it reaches a milestone, which is the slowest call. */
export async function record(stage, { quick }) {
  const rounds = warmUp + (quick ? 500 : 3000)
  return places.flatMap((place) =>
    [0, 999].flatMap((waiting) => rowsOf(stage, place, waiting, rounds)),
  )
}

function rowsOf(stage, place, waiting, rounds) {
  const { ours, one, least } = measure(stage, place, waiting, rounds)
  const times = ratio(ours, one)
  const p99 = quantile(ours, 0.99)
  const what = `count + milestone + enqueue, ${waiting === 0 ? 'empty queue' : '1,000 waiting'}, on ${place.name}`
  const beside = (name, bare) =>
    `${name}: ${median(bare).toFixed(3)} ms, p99 ${quantile(bare, 0.99).toFixed(3)} ms`
  return [
    {
      what,
      median: median(ours),
      p99,
      beside: beside('write + rename', one),
      ratio: times,
      limit: `≤ ${limits.ratio} ×, p99 ≤ ${limits.p99} ms`,
      holds: times <= limits.ratio && p99 <= limits.p99,
    },
    {
      what,
      median: median(ours),
      p99,
      beside: beside('its system calls alone', least),
      ratio: ratio(ours, least),
    },
  ]
}

function measure(stage, place, waiting, rounds) {
  const home = stage.home(place.folder)
  holdBack(home)
  // The first runs queue the milestones that are reached only once.
  node([stage.program('host-with.js')], home)
  node([stage.program('silent.js'), '3'], home)
  fillQueue(home.queue, makeEvents(stage.internals, waiting))
  const stats = JSON.parse(readFileSync(home.stats, 'utf8'))
  writeFileSync(home.stats, JSON.stringify({ ...stats, sequence: stats.sequence + waiting }))
  const { out } = node([stage.program('record.js'), home.queue, home.stats, String(rounds)], home)
  const times = Object.entries(JSON.parse(out)).map(([name, all]) => [name, all.slice(warmUp)])
  return Object.fromEntries(times)
}
