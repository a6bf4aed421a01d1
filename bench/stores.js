import path from 'node:path'

import { buildWorker, cpuOf, event, runProgram, startWorker } from './support/buffer.js'
import { median, ratio } from './support/numbers.js'
import { startServer } from './support/process.js'
import { inTurns } from './support/rounds.js'

// An insert takes the engine ten milliseconds, however few rows it has. With few senders it would mostly
// wait for them, and they for it.
const connections = 512
let places = 0

/** The same events into one file, into segments and into ClickHouse; and several workers on one folder. */
export async function stores(stage, { quick }) {
  const program = buildWorker(stage)
  const place = (name) => stage.at(`${name}-${(places += 1)}`)
  const clickHouse = await startEngine(stage)
  const into = {
    file: () => ({ EVENTS_FILE: `${place('file')}.ndjson` }),
    segments: () => ({ EVENTS_DIR: place('segments') }),
    ...(clickHouse && { clickHouse: () => ({ CLICKHOUSE_URL: clickHouse.url }) }),
  }
  try {
    const figures = await inTurns(
      quick ? 2 : 5,
      Object.fromEntries(
        Object.entries(into).map(([name, envOf]) => [
          name,
          () => measure(stage, quick, program, [envOf()]),
        ]),
      ),
    )
    const rates = (name) => figures[name].map(({ rate }) => rate)
    const row = (name, what, least) => ({
      what: `store in ${what}, ${connections} connections`,
      median: median(rates(name)),
      unit: '/s',
      beside: `one file: ${median(rates('file')).toFixed(0)} /s`,
      ratio: ratio(rates(name), rates('file')),
      limit: `≥ ${least} ×`,
      holds: ratio(rates(name), rates('file')) >= least,
    })
    return [
      row('segments', 'segments', 0.95),
      clickHouse
        ? row('clickHouse', 'ClickHouse’s engine', 0.5)
        : { what: 'store in ClickHouse’s engine', beside: 'chdb is not installed (CHDB_FOLDER)' },
      ...(await sharing(stage, quick, program, place)),
    ]
  } finally {
    clickHouse?.stop()
  }
}

/** Each worker reads what the others append, to know every event that is stored. */
async function sharing(stage, quick, program, place) {
  const rows = []
  for (const count of [1, 2, 4]) {
    const folder = place('shared')
    const envs = Array.from({ length: count }, (_, index) => ({
      EVENTS_DIR: folder,
      WORKER_NAME: `w${index}`,
    }))
    const seen = await measure(stage, quick, program, envs)
    rows.push({
      what: `${count} worker${count > 1 ? 's' : ''} on one folder`,
      median: seen.rate,
      unit: '/s',
      beside: `${seen.cpu.toFixed(0)} µs of the processes for an event; p99 ${seen.p99.toFixed(0)} ms`,
    })
  }
  return rows
}

async function measure(stage, quick, program, envs) {
  const workers = await Promise.all(envs.map((env) => startWorker(program, env)))
  await Promise.all(workers.map((worker) => worker.ready()))
  const spent = () => workers.reduce((sum, { pid }) => sum + cpuOf(pid), 0)
  const before = spent()
  const ms = quick ? 2000 : 5000
  const ports = workers.map(({ port }) => port)
  const seen = await runProgram(stage.program('swarm.js'), [event, connections, ms, ...ports])
  const cpu = ((spent() - before) * 1000) / ((seen.rate * ms) / 1000)
  await Promise.all(workers.map((worker) => worker.stop()))
  if (seen.others > 0) throw new Error(`${seen.others} answers were not 204`)
  return { ...seen, cpu }
}

async function startEngine(stage) {
  const folder = process.env.CHDB_FOLDER
  if (folder === undefined) return undefined
  return await startServer(stage.program('clickhouse.js'), {
    ...process.env,
    CHDB_FOLDER: path.resolve(folder),
    CHDB_STORE: stage.at('clickhouse'),
  })
}
