import { readFileSync } from 'node:fs'
import path from 'node:path'

import { makeEvents } from './support/events.js'
import { difference, median } from './support/numbers.js'
import { startServer } from './support/process.js'
import { inTurns } from './support/rounds.js'
import { pointTo, upload } from './support/uploader.js'

const limitMb = 40
const counts = [1000, 10_000]

/** The uploader's peak memory, against one that has posted a single event. */
export async function memory(stage, { quick }) {
  const collector = await startServer(stage.program('collector.js'), process.env)
  try {
    const home = stage.home()
    const events = makeEvents(stage.internals, Math.max(...counts))
    const file = path.join(home.cwd, 'usage')
    pointTo(home, collector.url)
    const peak = (count) => () => {
      upload(stage, home, events.slice(0, count), {
        args: ['--import', stage.program('usage.js')],
        env: { USAGE_FILE: file },
      })
      return JSON.parse(readFileSync(file, 'utf8')).megabytes
    }
    const contestants = Object.fromEntries([1, ...counts].map((count) => [count, peak(count)]))
    const { 1: idle, ...peaks } = await inTurns(quick ? 2 : 5, contestants)
    return Object.entries(peaks).map(([count, own]) => {
      const above = difference(own, idle)
      return {
        what: `uploader above an idle one, ${Number(count).toLocaleString('en')} events`,
        median: above,
        unit: 'MB',
        beside: `idle: ${median(idle).toFixed(1)} MB`,
        limit: `≤ ${limitMb} MB`,
        holds: above <= limitMb,
      }
    })
  } finally {
    collector.stop()
  }
}
