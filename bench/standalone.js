import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { median, ratio } from './support/numbers.js'
import { node, run } from './support/process.js'
import { inTurns } from './support/rounds.js'

const limits = { status: 0.25, print: 0.25, disable: 0.3 }
const limitMb = 40

/** The executable against `node -e 0`: time and memory. */
export async function standalone(stage, { quick }) {
  for (const name of ['LICENSE', 'README.md', 'man']) {
    cpSync(name, stage.at(name), { recursive: true })
  }
  const args = ['scripts/standalone.js', '--host']
  execFileSync(process.execPath, args, { cwd: stage.at(), stdio: ['ignore', 'ignore', 'inherit'] })
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const program = stage.at(`dist/standalone/runmat-telemetry${suffix}`)
  const environments = [
    ['minimal environment', {}],
    ['environment as it is', process.env],
  ]
  const rows = []
  for (const [name, env] of environments) {
    rows.push(...(await time(stage, program, name, env, quick ? 8 : 40)))
  }
  return [...rows, ...peaks(stage, program)]
}

async function time(stage, program, name, surrounding, rounds) {
  const home = stage.home()
  const options = { env: { ...surrounding, ...home.env }, cwd: home.cwd }
  const own = (command) => run(program, [command], options).took
  const times = await inTurns(rounds, {
    node: () => node(['-e', '0'], options).took,
    status: () => own('status'),
    print: () => own('print'),
    disable: () => {
      // Telemetry is turned on in the settings file, so that each `disable` has something to write.
      mkdirSync(path.dirname(home.settings), { recursive: true })
      writeFileSync(home.settings, '[runtime.telemetry]\nenabled = true\n')
      const took = own('disable')
      rmSync(home.settings)
      return took
    },
    '--version': () => own('--version'),
  })
  const { node: bare, ...others } = times
  return Object.entries(others).map(([command, took]) => {
    const found = ratio(took, bare)
    const limit = limits[command]
    return {
      what: `executable: ${command} (${name})`,
      median: median(took),
      beside: `node -e 0: ${median(bare).toFixed(1)} ms`,
      ratio: found,
      ...(limit !== undefined && { limit: `≤ ${limit} ×`, holds: found <= limit }),
    }
  })
}

/** With GNU `time`, because it is small: the memory of the starting process counts in the peak. */
function peaks(stage, program) {
  const { env, cwd } = stage.home()
  return ['status', 'print', 'disable'].map((command) => {
    const what = `executable: peak memory of ${command}`
    const found = Array.from({ length: 5 }, () => {
      const args = ['-f', '%M', program, command]
      return spawnSync('/usr/bin/time', args, { env, cwd, encoding: 'utf8' })
    }).map(({ stderr }) => Number(/(\d+)\n$/.exec(stderr ?? '')?.[1]) / 1024)
    if (found.some(Number.isNaN)) return { what, beside: 'this takes GNU time' }
    const peak = median(found)
    return { what, median: peak, unit: 'MB', limit: `≤ ${limitMb} MB`, holds: peak <= limitMb }
  })
}
