import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { median, ratio } from './support/numbers.js'
import { firstByte, node } from './support/process.js'
import { inTurns } from './support/rounds.js'

/** Later versions start faster than Node 20, so the same milliseconds weigh more. */
const own = process.versions.node.startsWith('20.') ? 1.15 : 1.3
const view = 'view, to the first byte of its page'
const largest = 'status, the largest settings file that is read'
const slowest = 'status, the slowest settings file that we know'
const limits = {
  status: { most: own },
  print: { most: own },
  disable: { most: own },
  [view]: { than: 'status', most: 2 },
  [largest]: { than: 'status', most: 1.6 },
  [slowest]: { than: 'status', most: 1.6 },
}

/** As long as a file may be, with as many tables in one another, and the rest dotted keys: both take the longest. */
const tables = Array.from({ length: 2300 }, (_, at) => `[t${at}.a]\nx = ${at}\ny = "b"\n`).join('')
const inOneAnother = `a=[${`${'{a.b.c='.repeat(120)}1${'}'.repeat(120)},`.repeat(33)}1]\n`
const dotted = Array.from({ length: 2200 }, (_, at) => `k${at}.b.c = 1\n`).join('')
const nested = `${inOneAnother}${dotted}`

/** The time of a command, against the shortest possible run of Node. */
export async function start(stage, { quick }) {
  const environments = [
    ['minimal environment', {}],
    ['environment as it is', process.env],
  ]
  const rows = []
  for (const [name, env] of environments) {
    rows.push(...(await measure(stage, name, env, quick ? 8 : 40)))
  }
  return rows
}

async function measure(stage, name, surrounding, rounds) {
  const home = stage.home()
  const env = { ...surrounding, ...home.env }
  const time = (args) => node(args, { env, cwd: home.cwd }).took
  const cli = (...args) => time([stage.at('bin/runmat-telemetry.js'), ...args])
  const withSettings = (text, run) => {
    mkdirSync(path.dirname(home.settings), { recursive: true })
    writeFileSync(home.settings, text)
    const took = run()
    rmSync(home.settings)
    return took
  }
  const contestants = {
    node: () => time(['-e', '0']),
    status: () => cli('status'),
    print: () => cli('print'),
    // Telemetry is turned on in the settings file, so that each `disable` has something to write.
    disable: () => withSettings('[runtime.telemetry]\nenabled = true\n', () => cli('disable')),
    upload: () => cli('upload'),
    '--help': () => cli('--help'),
    [view]: () => firstByte(stage.at('bin/runmat-telemetry.js'), { env, cwd: home.cwd }),
    [largest]: () => withSettings(tables, () => cli('status')),
    [slowest]: () => withSettings(nested, () => cli('status')),
    'a file that does nothing': () => time([stage.program('nothing.cjs')]),
    'the bundle loaded, and nothing run': () => time([stage.program('load.cjs')]),
    'plain imports of the same packages': () => time([stage.program('plain-imports.js')]),
  }
  const times = await inTurns(rounds, contestants)
  return Object.keys(times)
    .filter((what) => what !== 'node')
    .map((what) => {
      const { than = 'node', most } = limits[what] ?? {}
      const found = ratio(times[what], times[than])
      return {
        what: `${what} (${name})`,
        median: median(times[what]),
        beside: `${than === 'node' ? 'node -e 0' : than}: ${median(times[than]).toFixed(1)} ms`,
        ratio: found,
        limit: most && `≤ ${most} ×`,
        holds: most && found <= most,
      }
    })
}
