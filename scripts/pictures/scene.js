// What the pictures show: a machine on which RunMat has run, with its real commands.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'

const launcher = path.join(import.meta.dirname, '../../bin/runmat-telemetry.js')
const clock = path.join(import.meta.dirname, 'clock.cjs')

const runs = [
  { subcommand: 'run', outcome: 'success', engine: 'jit' },
  { subcommand: 'run', outcome: 'success', engine: 'gpu' },
  { subcommand: 'run', outcome: 'failed_runtime', engine: 'jit' },
  { subcommand: 'benchmark', capabilities: { jit: true, gpu: true, vulkan: true } },
]

export async function openScene() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runmat-telemetry-pictures-'))
  const state = path.join(folder, '.cache/runmat/telemetry')
  const work = path.join(folder, 'work')
  mkdirSync(work)
  mkdirSync(path.join(folder, '.runmat'))
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    TZ: 'UTC',
    TERM: 'xterm',
    SHELL: '/bin/sh',
    RUNMAT_TELEMETRY_KEY: 'key-of-the-pictures',
    NODE_OPTIONS: `--require=${clock}`,
    // Nothing is sent before the notice was seen. If something were, it would end here.
    HTTPS_PROXY: 'http://127.0.0.1:9',
  }
  const start = (program, args) => spawn(program, args, { cwd: work, env })
  const run = async (program, args, input = '') => {
    const child = start(program, args)
    child.stdin.on('error', () => undefined).end(input)
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${err || out}`)
    return out
  }

  writeFileSync(path.join(folder, '.runmat/telemetry_id'), '6f1c8e02-5d3b-4a97-9c64-2b7d0e8f1a35\n')
  for (const [index, input] of runs.entries()) {
    const usage = JSON.stringify({ ...input, version: '0.6.1' })
    // The run that shows the notice still sends nothing, and neither does any before it.
    const notice = index === runs.length - 1 ? ['--notice-shown'] : []
    await run(process.execPath, [launcher, 'record', 'usage', ...notice], usage)
  }
  sendTheFirst(state)
  await run(process.execPath, [launcher, 'enable'])

  return {
    /** What a command prints in a terminal of 80 columns, colours included. */
    terminal: async (...args) => {
      const line = [process.execPath, launcher, ...args].map((word) => `'${word}'`).join(' ')
      const out = await run('script', ['-qefc', `stty cols 80 rows 40; exec ${line}`, '/dev/null'])
      return out.replaceAll('\r\n', '\n')
    },
    /** The address of the page that `view` serves. */
    view: async () => {
      const child = start(process.execPath, [launcher, 'view', '--no-open'])
      const [line] = await once(child.stdout, 'data')
      return { url: String(line).trim(), close: () => child.kill('SIGINT') }
    },
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** Moves all but the newest event from the queue to the ledger, as if they had been delivered. */
function sendTheFirst(state) {
  const queue = path.join(state, 'queue')
  const names = readdirSync(queue).sort().slice(0, -1)
  const lines = names.map((name) => {
    const event = readFileSync(path.join(queue, name), 'utf8').trim()
    rmSync(path.join(queue, name))
    const sent = '{"sent_at":"2026-03-14T15:07:26Z","endpoint":"https://api.runmat.com/v1/t"'
    return `${sent},"event":${event},"via":"http","confirmed":true}\n`
  })
  writeFileSync(path.join(state, 'sent.ndjson'), lines.join(''), { mode: 0o600 })
}
