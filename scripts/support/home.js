// A temporary home and what runs in it. It uses nothing of the person's own home and environment, so an
// opt-out there has no effect here, and nothing there is changed.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')

export function openHome(what, key) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `runmat-telemetry-${what}-`))
  const at = (...parts) => path.join(folder, ...parts)
  const state = at('.cache/runmat/telemetry')
  const queue = path.join(state, 'queue')
  const cwd = at('work')
  mkdirSync(cwd)
  const { PATH, SystemRoot, NODE_OPTIONS } = process.env
  const env = {
    HOME: folder,
    USERPROFILE: folder,
    XDG_CONFIG_HOME: at('.config'),
    XDG_CACHE_HOME: at('.cache'),
    RUNMAT_TELEMETRY_KEY: key,
    ...(PATH && { PATH }),
    ...(SystemRoot && { SystemRoot }),
    ...(NODE_OPTIONS && { NODE_OPTIONS }),
  }
  const run = (program, args, onStart) =>
    runNode(path.join(root, program), args, { env, cwd, onStart })
  const cli = async (...args) => {
    const { code, out, err } = await run('bin/runmat-telemetry.js', args)
    if (code !== 0) throw new Error(`runmat-telemetry ${args.join(' ')}: ${err || out}`)
    return out
  }
  return {
    folder,
    at,
    env,
    queue,
    run,
    cli,
    ask: async (...args) => JSON.parse(await cli(...args, '--json')),
    stats: () => textOf(path.join(state, 'stats.json')),
    waiting: () => namesIn(queue).length,
    queued: () =>
      namesIn(queue)
        .sort()
        .map((name) => textOf(path.join(queue, name)).trim()),
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

function namesIn(queue) {
  return existsSync(queue) ? readdirSync(queue).filter((name) => name.endsWith('.json')) : []
}

export function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function runNode(program, args, { onStart, ...options }) {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe']
    const child = spawn(process.execPath, [program, ...args], { ...options, stdio })
    onStart?.(child)
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}
