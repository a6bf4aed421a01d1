// Records one event per round and, for comparison, does the same with bare files: `record.js <queue>
// <stats> <rounds>`. Events that are already in the queue are left alone.
import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

import { openTelemetry, runmat } from '../../dist/index.js'

const [queue, stats, rounds] = process.argv.slice(2)
const waiting = new Set(readdirSync(queue))
// A new version each time, so that every count reaches a milestone and queues an event.
let telemetry
const bare = path.join(queue, 'bare.json')
const bareStats = `${stats}.bare`

const contestants = {
  ours: () => telemetry.count('run', 'success'),
  /** One new file: the minimum for queueing an event. */
  one: (bytes) => write(bare, bytes),
  /**
   * The system calls for counting exactly and queueing once, and nothing else: checks of the settings,
   * lock, read, sign, id, event, checks again, counters, unlock.
   */
  least: (bytes) => {
    look()
    const lock = `${stats}.bare.lock`
    linkSync(bareStats, lock)
    const counters = openSync(lock, 'r+')
    readSync(counters, page, 0, page.length, 0)
    writeSync(counters, page, 0, 17, 0)
    readFileSync(bareStats)
    write(bare, bytes)
    look()
    writeSync(counters, page, 0, page.length, 0)
    closeSync(counters)
    unlinkSync(lock)
  },
}
const page = Buffer.alloc(4096, ' ')
/** Everywhere a no may be written: the machine's file, the user's own, and two for each folder above. */
const places = [
  '/etc/runmat/telemetry.toml',
  ...['config.toml', 'config.json', 'home.toml', 'uploads.json'].map((name) =>
    path.join(queue, name),
  ),
  ...foldersAbove(process.cwd()).flatMap((folder) =>
    ['runmat.toml', 'runmat.json'].map((name) => path.join(folder, name)),
  ),
]
writeFileSync(bareStats, page)
const times = { ours: [], one: [], least: [] }
const names = Object.keys(times)

function foldersAbove(folder) {
  const parent = path.dirname(folder)
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)]
}

function look() {
  for (const place of places) lstatSync(place, { throwIfNoEntry: false })
}

function write(file, bytes) {
  writeFileSync(`${file}.tmp`, bytes, { flag: 'wx', mode: 0o600 })
  renameSync(`${file}.tmp`, file)
}

function run(round, bytes) {
  for (let turn = 0; turn < names.length; turn += 1) {
    const name = names[(round + turn) % names.length]
    telemetry = openTelemetry(runmat, { version: `1.${round}.0`, notice: 'shown' })
    const start = performance.now()
    contestants[name](bytes)
    times[name].push(performance.now() - start)
    if (name !== 'ours') unlinkSync(bare)
  }
}

function takeNew() {
  const [name, ...more] = readdirSync(queue).filter((one) => !waiting.has(one))
  if (name === undefined || more.length > 0) throw new Error('not exactly one event was queued')
  const bytes = readFileSync(path.join(queue, name))
  unlinkSync(path.join(queue, name))
  return bytes
}

/** A machine has seen a few versions, not thousands. */
function forgetVersions() {
  const found = JSON.parse(readFileSync(stats, 'utf8'))
  const fired = [...found.fired.slice(0, 8), ...found.fired.slice(-4)]
  writeFileSync(stats, `${JSON.stringify({ ...found, fired })}\n`)
}

let bytes = Buffer.alloc(600, ' ')
for (let round = 0; round < Number(rounds); round += 1) {
  run(round, bytes)
  bytes = takeNew()
  if (round % 10 === 0) forgetVersions()
}
console.log(JSON.stringify(times))
