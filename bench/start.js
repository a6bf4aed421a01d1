import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { median, ratio } from './support/numbers.js'
import { firstByte, node } from './support/process.js'
import { inTurns } from './support/rounds.js'

/** Later versions start faster than Node 20, so the same milliseconds weigh more. */
const limit = process.versions.node.startsWith('20.') ? 1.15 : 1.3

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
  const contestants = {
    node: () => time(['-e', '0']),
    status: () => cli('status'),
    print: () => cli('print'),
    disable: () => {
      // Telemetry is turned on in the settings file, so that each `disable` has something to write.
      mkdirSync(path.dirname(home.settings), { recursive: true })
      writeFileSync(home.settings, '[runtime.telemetry]\nenabled = true\n')
      const took = cli('disable')
      rmSync(home.settings)
      return took
    },
    upload: () => cli('upload'),
    '--help': () => cli('--help'),
    view: () => firstByte(stage.at('bin/runmat-telemetry.js'), { env, cwd: home.cwd }),
    'a file that does nothing': () => time([stage.program('nothing.cjs')]),
    'the bundle loaded, and nothing run': () => time([stage.program('load.cjs')]),
    'plain imports of the same packages': () => time([stage.program('plain-imports.js')]),
  }
  const times = await inTurns(rounds, contestants)
  const { node: bare, ...others } = times
  const { view, status } = others
  const toStatus = ratio(view, status)
  const firstByteRow = {
    what: `view, to the first byte of its page (${name})`,
    median: median(view),
    beside: `status: ${median(status).toFixed(1)} ms`,
    ratio: toStatus,
    limit: '≤ 2 ×',
    holds: toStatus <= 2,
  }
  delete others.view
  const rows = Object.entries(others).map(([command, own]) => {
    const found = ratio(own, bare)
    const isBound = ['status', 'print', 'disable'].includes(command)
    return {
      what: `${command} (${name})`,
      median: median(own),
      beside: `node -e 0: ${median(bare).toFixed(1)} ms`,
      ratio: found,
      limit: isBound ? `≤ ${limit} ×` : undefined,
      holds: isBound ? found <= limit : undefined,
    }
  })
  return [...rows, firstByteRow]
}
