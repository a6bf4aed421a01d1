import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { fillQueue } from './events.js'
import { node } from './process.js'

/** Sends the queue of this home to a collector on this machine. */
export function pointTo({ settings }, url) {
  mkdirSync(path.dirname(settings), { recursive: true })
  writeFileSync(settings, `[runtime.telemetry]\nhttp_endpoint = "${url}"\n`)
}

/** Keeps hosts from starting an uploader, as after a failure, because it would disturb the measurement. */
export function holdBack(home) {
  pointTo(home, 'http://127.0.0.1:9/v1/t')
  mkdirSync(home.state, { recursive: true, mode: 0o700 })
  const next = new Date(Date.now() + 12 * 60 * 60 * 1000).toISOString()
  writeFileSync(path.join(home.state, 'uploads.json'), JSON.stringify({ next_attempt: next }))
  // A file that was changed a moment ago is read again each time.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3500)
}

/** Makes a machine whose person has seen the notice, before which no uploader sends anything. */
function showNotice({ internals: { freshStats, noticeVersion } }, home) {
  const stats = { ...freshStats(new Date().toISOString()), notice: noticeVersion }
  mkdirSync(home.state, { recursive: true, mode: 0o700 })
  writeFileSync(home.stats, `${JSON.stringify(stats)}\n`, { mode: 0o600 })
}

/** The detached uploader's own program and its environment, on a machine that has sent nothing yet. */
export function uploaderOf(stage, home) {
  rmSync(home.state, { recursive: true, force: true })
  showNotice(stage, home)
  const product = JSON.stringify(stage.internals.runmat)
  return {
    program: stage.at('dist/upload.cjs'),
    env: { ...home.env, TELEMETRY_UPLOADER_PRODUCT: product },
    cwd: '/',
  }
}

/** Runs the detached uploader's own program on these events. */
export function upload(stage, home, events, { args = [], env = {} } = {}) {
  const { program, ...options } = uploaderOf(stage, home)
  fillQueue(home.queue, events)
  const { took } = node([...args, program], { ...options, env: { ...options.env, ...env } })
  const left = readdirSync(home.queue).length
  if (left > 0) throw new Error(`the uploader left ${left} of ${events.length} events`)
  return took
}
