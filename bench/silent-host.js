import { rmSync } from 'node:fs'

import { difference, median, quantile, ratio } from './support/numbers.js'
import { places } from './support/places.js'
import { node } from './support/process.js'
import { inTurns } from './support/rounds.js'
import { holdBack } from './support/uploader.js'

const limitMs = 1
const warmUp = 200

/** What telemetry adds to a host if no milestone is reached, which is almost always. */
export async function silentHost(stage, { quick }) {
  const warm = places.map(({ name, folder }) => {
    const home = silentHome(stage, folder)
    const { ours, bare } = silent(stage, home, warmUp + (quick ? 500 : 3000), home.stats)
    return warmRow(name, ours.slice(warmUp), bare.slice(warmUp))
  })
  return [...warm, ...(await cold(stage, quick ? 10 : 40))]
}

/** A machine on which all milestones that come once were reached. */
function silentHome(stage, folder) {
  const home = stage.home(folder)
  holdBack(home)
  silent(stage, home, 4)
  rmSync(home.queue, { recursive: true, force: true })
  return home
}

function silent(stage, home, rounds, ...more) {
  return JSON.parse(node([stage.program('silent.js'), String(rounds), ...more], home).out)
}

function warmRow(place, ours, bare) {
  return {
    what: `open + count + close, nothing due, on ${place}`,
    median: median(ours),
    p99: quantile(ours, 0.99),
    beside: `lock, counters: ${median(bare).toFixed(3)} ms`,
    ratio: ratio(ours, bare),
    limit: `≤ ${limitMs} ms`,
    holds: median(ours) <= limitMs,
  }
}

/** The same in a fresh process, including everything that must be loaded. */
async function cold(stage, rounds) {
  const home = silentHome(stage)
  const {
    without,
    with: including,
    first,
  } = await inTurns(rounds, {
    without: () => node([stage.program('host-without.js')], home).took,
    with: () => node([stage.program('host-with.js')], home).took,
    first: () => silent(stage, home, 1).ours[0],
  })
  const added = difference(including, without)
  return [
    { what: 'the same, first of its process, library loaded', median: median(first) },
    {
      what: 'the same, whole process: the difference',
      median: added,
      beside: `host without: ${median(without).toFixed(1)} ms`,
      ratio: ratio(including, without),
      limit: `≤ ${limitMs} ms`,
      holds: added <= limitMs,
    },
  ]
}
