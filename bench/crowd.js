import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { median, quantile } from './support/numbers.js'
import { holdBack } from './support/uploader.js'

const hosts = 200
const limitMs = 250

/** The worst call of a host beside 199 others that count in the same statistics. */
export async function crowd(stage, { quick }) {
  const home = stage.home()
  holdBack(home)
  const calls = quick ? 3 : 10
  const program = stage.program('crowd.js')
  const ends = Array.from({ length: hosts }, () => startHost(program, calls, home))
  const times = (await Promise.all(ends)).flat()
  await startHost(program, 1, home)
  const { subcommand_counts: counts } = JSON.parse(
    readFileSync(path.join(home.state, 'stats.json'), 'utf8'),
  )
  const counted = counts.run
  const wanted = hosts * calls + 1
  return [
    {
      what: `count, beside ${hosts - 1} other hosts`,
      median: median(times),
      p99: quantile(times, 0.99),
      beside: `the worst of ${times.length}: ${Math.max(...times).toFixed(1)} ms`,
      limit: `≤ ${limitMs} ms, the worst`,
      holds: Math.max(...times) <= limitMs,
    },
    {
      what: 'counts kept of those',
      median: counted / wanted,
      unit: '×',
      beside: `${counted} of ${wanted}`,
      limit: 'all',
      holds: counted === wanted,
    },
  ]
}

async function startHost(program, calls, { env, cwd }) {
  const stdio = ['ignore', 'pipe', 'ignore']
  const child = spawn(process.execPath, [program, String(calls)], { env, cwd, stdio })
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  await once(child, 'close')
  return JSON.parse(out)
}
