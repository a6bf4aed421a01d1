import { builtin } from '../files/builtin.ts'

/** An uploader that hangs is given this long; once the settings have changed, much less. */
const patience = { hangsMs: 15_000, changedMs: 1000, lookMs: 200 } as const

/**
 * Counts heartbeats of the main thread and ends the process when they stop. A clock would tell nothing:
 * it may be set, and goes on while the machine sleeps.
 */
const program = `
const { workerData } = require('node:worker_threads')
const { statSync } = require('node:fs')
const { beats, settings, patience } = workerData
const look = () => settings.map((file) => {
  try { return statSync(file).mtimeMs } catch { return 0 }
}).join()
const before = look()
let seen = -1
let forMs = 0
setInterval(() => {
  const now = Atomics.load(beats, 0)
  forMs = now === seen ? forMs + patience.lookMs : 0
  seen = now
  if (forMs > patience.hangsMs || (forMs > patience.changedMs && look() !== before)) {
    process.kill(process.pid, 'SIGKILL')
  }
}, patience.lookMs)
`

/**
 * For systems that do not tell when a process started. There no other process can prove that a hanging
 * uploader is one and kill it, so a second thread of the uploader ends it.
 */
export function startWatchdog(settings: readonly string[]): void {
  const { Worker } = builtin('node:worker_threads')
  const beats = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(beats, 0, 1), patience.lookMs).unref()
  const worker = new Worker(program, { eval: true, workerData: { beats, settings, patience } })
  worker.on('error', () => undefined)
  worker.unref()
}
