import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { cores, hurry, startOn, usageOf } from './support/cores.js'
import { median, ratio } from './support/numbers.js'
import { inTurns } from './support/rounds.js'

const limit = 0.6
const limitMs = 15
const connections = 128

/** The complete worker, against a server that only parses, each on its own core. */
export async function worker(stage, { quick }) {
  hurry()
  execFileSync(process.execPath, [
    path.join(stage.root, 'infra/worker/build.js'),
    stage.at('worker'),
  ])
  const sink = await startOn(cores.measuring, [stage.program('sink.js')])
  const bare = await startOn(cores.measured, [stage.program('bare-server.js')])
  const ours = await startOn(cores.measured, [stage.at('worker/worker.js')], {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    INGESTION_KEY: 'key-of-the-benchmark',
    POSTHOG_API_KEY: 'phc_benchmark',
    POSTHOG_HOST: `http://127.0.0.1:${sink.line}`,
  })
  try {
    const seconds = quick ? 2 : 4
    const load = (port, pid, body) => async () => {
      const before = usageOf(pid).cpuMs
      const program = [stage.program('posts.js'), port, seconds, connections, ...body]
      const said = JSON.parse((await startOn(cores.measuring, program)).line)
      if (said.failed > 0) throw new Error(`${said.failed} answers were not 204`)
      return { ...said, cpuMs: usageOf(pid).cpuMs - before }
    }
    const rows = []
    for (const [what, body] of bodiesIn(stage.root)) {
      const rounds = await inTurns(quick ? 3 : 7, {
        ours: load(JSON.parse(ours.line).port, ours.pid, body),
        bare: load(bare.line, bare.pid, body),
      })
      rows.push(...rowsOf(what, rounds))
    }
    return rows
  } finally {
    await Promise.all([ours, bare, sink].map((server) => server.kill()))
  }
}

/** Our own client's event, and what released programs send. */
function bodiesIn(root) {
  const file = path.join(root, 'test/contract/wire/real-clients.ndjson')
  const clients = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const bodyOf = (called) => JSON.stringify(clients.find(({ name }) => name === called).body)
  return [
    ['worker', []],
    ['worker, RunMat 0.6', [bodyOf('0.6.1 wasm finished os=web')]],
    ['worker, RunMat 0.2', [bodyOf('seed000 runtime_value')]],
    ['worker, installer', [bodyOf('install.completed')]],
  ]
}

function rowsOf(subject, { ours, bare }) {
  const all = (figures, name) => figures.map((figure) => figure[name])
  const middle = (figures, name) => median(all(figures, name))
  const against = ratio(all(ours, 'rate'), all(bare, 'rate'))
  const p99 = middle(ours, 'p99')
  const perSecond = (figures) => figures.map(({ answered, cpuMs }) => (answered / cpuMs) * 1000)
  const percent = (share) => `${Math.round(share * 100)} %`
  const what = `${subject}, ${connections} connections`
  return [
    {
      what,
      median: middle(ours, 'rate'),
      unit: '/s',
      beside: `bare server: ${middle(bare, 'rate').toFixed(0)} /s`,
      ratio: against,
      limit: `≥ ${limit} ×`,
      holds: against >= limit,
    },
    {
      what: `${what}, until its 204`,
      median: middle(ours, 'p50'),
      p99,
      beside: `bare server: ${middle(bare, 'p50').toFixed(1)} ms, p99 ${middle(bare, 'p99').toFixed(1)} ms`,
      limit: `p99 ≤ ${limitMs} ms`,
      holds: p99 <= limitMs,
    },
    {
      // On a core that is shared or idle, the cost of a request can't be measured.
      what: `${what}, for each second of processor time`,
      median: median(perSecond(ours)),
      unit: '/s',
      beside: `bare server: ${median(perSecond(bare)).toFixed(0)} /s`,
      ratio: ratio(perSecond(ours), perSecond(bare)),
    },
    {
      what: `${what}, the load generator`,
      beside: `busy for ${percent(middle(ours, 'busy'))} of its core, and ${percent(middle(bare, 'busy'))} before the bare server`,
    },
  ]
}
