// Opens, starts a run, finishes it and closes. `runs.js one <rounds> <state folder> <drain>` measures each
// round, on a machine that does not know yet that the collector is away, and a timer of the drain's
// length. `runs.js many <runs>` does all runs in one process and reports its memory after a tenth and
// after all.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'

import { openTelemetry, runmat } from '../../dist/index.js'

const [mode, count, state, drainMs = 0] = process.argv.slice(2)
const start = { runKind: 'script', jitEnabled: true, accelerateEnabled: true }
const finish = { success: true, jitUsed: true, counters: { totalExecutions: 3, jitCompiled: 3 } }
const uploader = { command: '/bin/true', args: [] }
const open = () => openTelemetry(runmat, { version: '0.6.1', notice: 'shown', uploader })

async function one() {
  const times = { ours: [], timer: [] }
  for (let round = 0; round < Number(count); round += 1) {
    if (state) {
      for (const name of ['uploads.json', 'answer-times.json', 'uploader-starts']) {
        rmSync(path.join(state, name), { force: true })
      }
      rmSync(path.join(state, 'queue'), { recursive: true, force: true })
    }
    const since = performance.now()
    const telemetry = open()
    telemetry.startRun(start).finish(finish)
    await telemetry.close()
    times.ours.push(performance.now() - since)
    const before = performance.now()
    await setTimeout(Number(drainMs))
    times.timer.push(performance.now() - before)
  }
  return times
}

async function many() {
  const telemetry = open()
  const megabytes = []
  for (let run = 1; run <= Number(count); run += 1) {
    telemetry.startRun(start).finish(finish)
    // A real host does something else between its runs.
    if (run % 100 === 0) await setImmediate()
    if (run === Number(count) / 10 || run === Number(count)) {
      globalThis.gc()
      megabytes.push(process.memoryUsage().rss / 1024 / 1024)
    }
  }
  await telemetry.close()
  return megabytes
}

console.log(JSON.stringify(mode === 'one' ? await one() : await many()))
