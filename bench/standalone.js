import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { compile } from '../scripts/standalone/compile.js'
import { hostPlatform } from '../scripts/standalone/platforms.js'
import { unpackRuntime } from '../scripts/standalone/runtime.js'
import { median, ratio } from './support/numbers.js'
import { node, run } from './support/process.js'
import { inTurns } from './support/rounds.js'

const limits = { status: 0.25, print: 0.25, disable: 0.3 }
const limitMb = 40

/** The executable, and one that does nothing, against `node -e 0`: time and memory. */
export async function standalone(stage, { quick }) {
  for (const name of ['LICENSE', 'README.md', 'man']) {
    cpSync(name, stage.at(name), { recursive: true })
  }
  const args = ['scripts/standalone.js', '--host']
  execFileSync(process.execPath, args, { cwd: stage.at(), stdio: ['ignore', 'ignore', 'inherit'] })
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const program = stage.at(`dist/standalone/runmat-telemetry${suffix}`)
  const nothing = compileNothing(stage, suffix)
  const environments = [
    ['minimal environment', {}],
    ['environment as it is', process.env],
  ]
  const rows = []
  for (const [name, env] of environments) {
    rows.push(...(await time(stage, { program, nothing }, name, env, quick ? 8 : 40)))
  }
  return [...rows, ...peaks(stage, program)]
}

/** The same runtime, made in the same way: no program of ours can start faster. */
function compileNothing(stage, suffix) {
  const platform = hostPlatform()
  const compiler = unpackRuntime(platform, stage.at())
  const [program, outfile] = [stage.at('nothing.js'), stage.at(`nothing${suffix}`)]
  writeFileSync(program, '')
  compile({ compiler, platform, runtime: compiler, outfile, program })
  return outfile
}

async function time(stage, { program, nothing }, name, surrounding, rounds) {
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
    nothing: () => run(nothing, [], options).took,
  })
  const { node: bare, ...others } = times
  return Object.entries(others).map(([command, took]) => {
    const found = ratio(took, bare)
    const limit = limits[command]
    return {
      what: `${command === 'nothing' ? 'an executable that does nothing' : `executable: ${command}`} (${name})`,
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
