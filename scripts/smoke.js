// Tests the usual commands on this platform, in a temporary home with a collector on this machine:
// `node scripts/smoke.js [executable]`. For platforms on which the test suite does not run.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  open,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'

const [executable] = process.argv.slice(2)
const command = executable
  ? [path.resolve(executable)]
  : [process.execPath, path.resolve('bin/runmat-telemetry.js')]
const home = mkdtempSync(path.join(os.tmpdir(), 'telemetry smoke für '))
const settings = path.join(home, '.config/runmat/config.toml')
const cacheFolders = { win32: 'AppData/Local', darwin: 'Library/Caches' }
const received = []
/** The collector answers when this is settled. */
let answers = Promise.resolve()
// UV_FS_O_EXLOCK, which Node takes on Windows but has no name for.
const exclusively = 0x10000000
const collector = http.createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    received.push(JSON.parse(Buffer.concat(chunks).toString()))
    void answers.then(() => response.writeHead(204).end())
  })
})

try {
  await new Promise((resolve) => collector.listen(0, '127.0.0.1', resolve))
  mkdirSync(path.dirname(settings), { recursive: true })
  const endpoint = `http://127.0.0.1:${collector.address().port}/v1/t`
  writeFileSync(settings, `[runtime.telemetry]\nhttp_endpoint = "${endpoint}"\n`)
  await walk()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  console.log(`works: ${command.join(' ')}`)
} catch (error) {
  console.error(`The files are left in ${home}`)
  console.error(error)
  process.exitCode = 1
} finally {
  collector.closeAllConnections()
  collector.close()
}

async function walk() {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  assert.equal(await says(['--version']), `${version}\n`)
  const { collecting, paths } = await status()
  assert.equal(collecting, true)
  assert.ok(paths.stats.startsWith(path.join(home, cacheFolders[process.platform] ?? '.cache')))
  assert.equal(JSON.parse(await says(['print'])).trigger, 'preview')

  const claim = JSON.stringify({ subcommand: 'run', outcome: 'success', version })
  await says(['record', 'usage', '--notice-shown'], claim)
  assert.equal(received.length, 0, 'the first run sends nothing')
  await detached(claim)
  await delivered(4, paths)
  await crowd(claim, paths)
  // It also adds what one of the crowd could not, because the statistics were in use.
  await says(['record', 'usage'], claim)
  await counted(7)
  await delivered(5, paths)

  await stopped(JSON.stringify({ subcommand: 'benchmark', version }))
  await says(['record', 'usage'], claim)
  assert.equal(JSON.parse(await says(['upload', '--json'])).attempted, 0)

  await says(['enable'])
  await longPath(claim)
  if (process.platform === 'win32') {
    await heldOpen(claim, paths)
    await says(['record', 'usage'], claim)
    await counted(9)
    await offForAll()
  }
  await says(['disable', '--forget'])
  const left = Object.values(paths).filter((file) => existsSync(file))
  assert.deepEqual(left, [paths.settings], 'the no is all that is left')
  assert.equal(new Set(received.map(idOf)).size, received.length, 'no event came twice')
}

/**
 * The uploader outlives the process that started it, here until the collector answers. On Windows it has
 * no console of its own, and not the one of that process, which ends with it.
 */
async function detached(claim) {
  const answer = holdAnswers()
  const found = path.join(home, 'consoles.txt')
  const isWindows = process.platform === 'win32'
  const env = isWindows ? preloading(tellsConsole(found)) : {}
  // A process with no window to show gets a console of its own.
  await says(['record', 'usage'], claim, env, { windowsHide: true })
  await until(() => received.length > 0)
  answer()
  if (!isWindows) return
  const consoles = new Set(readFileSync(found, 'utf8').trim().split('\n'))
  assert.deepEqual(consoles, new Set(['host: true', 'uploader: false']))
}

/** An uploader that hangs while it is sending has ended when `disable` has. */
async function stopped(claim) {
  const answer = holdAnswers()
  const [begin, hangs] = ['begin', 'hangs'].map((name) => path.join(home, name))
  const before = received.length
  await says(['record', 'usage'], claim, preloading(hangsOnce(begin, hangs)))
  await until(() => received.length > before)
  writeFileSync(begin, '')
  await until(() => existsSync(hangs))
  assert.equal((await status()).uploader.running, true)
  assert.match(await says(['disable']), /is off, for good/)
  const { collecting, uploader } = await status()
  assert.deepEqual([collecting, uploader.running], [false, false])
  answer()
}

function holdAnswers() {
  let answer
  answers = new Promise((resolve) => (answer = resolve))
  return answer
}

/** The variables with which Node or Bun runs this before the program, and before its uploader. */
function preloading(code) {
  const file = path.join(home, 'preload.cjs').replaceAll('\\', '/')
  writeFileSync(file, code)
  return { NODE_OPTIONS: `--require="${file}"`, BUN_OPTIONS: `"--preload=${file}"` }
}

/** CONOUT$ is the console, and can't be opened without one. */
function tellsConsole(file) {
  return String.raw`
    const { appendFileSync, closeSync, openSync } = require('node:fs')
    let hasConsole = true
    try { closeSync(openSync('\\\\.\\CONOUT$', 'r+')) } catch { hasConsole = false }
    const who = process.env.TELEMETRY_UPLOADER_ENDPOINT ? 'uploader' : 'host'
    appendFileSync(${JSON.stringify(file)}, who + ': ' + hasConsole + '\n')
  `
}

function hangsOnce(begin, hangs) {
  return `
    const { existsSync, writeFileSync } = require('node:fs')
    const { isMainThread } = require('node:worker_threads')
    const hang = () => {
      if (!existsSync(${JSON.stringify(begin)})) return
      writeFileSync(${JSON.stringify(hangs)}, '')
      for (;;);
    }
    if (process.env.TELEMETRY_UPLOADER_ENDPOINT && isMainThread) setInterval(hang, 50).unref()
  `
}

/** Several hosts at once, while another process reads their statistics. */
async function crowd(claim, { stats }) {
  const reader = setInterval(() => {
    // While they are replaced, Windows lets nobody open them.
    open(stats, 'r', (error, file) => {
      if (!error) setTimeout(() => closeSync(file), 10)
    })
  }, 20)
  // As sh pipes it, and as Windows PowerShell does.
  const inputs = [claim, `\uFEFF${claim}\r\n`]
  try {
    await Promise.all([...inputs, ...inputs].map((input) => says(['record', 'usage'], input)))
  } finally {
    clearInterval(reader)
  }
}

/** A folder whose path has more than the 260 characters that old programs for Windows can take. */
async function longPath(claim) {
  const cache = path.join(home, 'l'.repeat(120), 'ö'.repeat(120), '.cache')
  const env = { XDG_CACHE_HOME: cache }
  await says(['record', 'usage', '--notice-shown'], claim, env)
  await says(['record', 'usage'], claim, env)
  const { paths } = await status(env)
  assert.ok(paths.stats.startsWith(cache) && existsSync(paths.stats))
  await delivered(4, paths, env)
}

/** What an administrator of Windows writes for all users. */
async function offForAll() {
  const file = path.join(home, 'ProgramData/runmat/telemetry.toml')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, '[runtime.telemetry]\r\nenabled = false\r\n')
  assert.equal((await status()).collecting, false)
}

/** A program that lets nobody else open the statistics: what it delays is counted later. */
async function heldOpen(claim, { stats }) {
  const held = openSync(stats, constants.O_RDWR | exclusively)
  try {
    assert.throws(() => openSync(stats, 'r'), 'nobody else can open it')
    await says(['record', 'usage'], claim)
  } finally {
    closeSync(held)
  }
}

/** Waits until an uploader has sent what is in the queue. The collector has got each event of the log once. */
async function delivered(count, { queue, sent, lock }, env) {
  await until(() => existsSync(sent) && readdirSync(queue).length === 0 && !existsSync(lock))
  const logged = JSON.parse(await says(['log', '--json'], '', env))
  const ids = new Set(logged.map(({ event }) => idOf(event)))
  const arrived = received.filter((event) => ids.has(idOf(event)))
  assert.deepEqual([logged.length, ids.size, arrived.length], [count, count, count])
}

function idOf(event) {
  return event.event_id
}

async function counted(runs) {
  await until(async () => JSON.parse(await says(['print'])).subcommand_counts.run === runs)
}

async function status(env) {
  return JSON.parse(await says(['status', '--json'], '', env))
}

function says(args, input = '', env = {}, options = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...before] = command
    const child = spawn(program, [...before, ...args], {
      env: { ...environment(), ...env },
      cwd: home,
      ...options,
    })
    const out = []
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.pipe(process.stderr)
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString())
      else reject(new Error(`${args.join(' ')} ended with ${code}`))
    })
    // With telemetry off nothing is recorded, and the input is not even read.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** An environment without an opt-out, even in a build service. */
function environment() {
  const kept = ['PATH', 'Path', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR']
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]]).filter(([, one]) => one)),
    HOME: home,
    USERPROFILE: home,
    LOCALAPPDATA: path.join(home, 'AppData/Local'),
    ProgramData: path.join(home, 'ProgramData'),
    RUNMAT_TELEMETRY_KEY: 'key-of-the-smoke-test',
  }
}

async function until(holds) {
  const end = Date.now() + 30_000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`in vain: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
