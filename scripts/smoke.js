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
  openSync,
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
const received = []
// UV_FS_O_EXLOCK, which Node takes on Windows but has no name for.
const exclusively = 0x10000000
const collector = http.createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    received.push(JSON.parse(Buffer.concat(chunks).toString()))
    response.writeHead(204).end()
  })
})

try {
  await new Promise((resolve) => collector.listen(0, '127.0.0.1', resolve))
  mkdirSync(path.dirname(settings), { recursive: true })
  const endpoint = `http://127.0.0.1:${collector.address().port}/v1/t`
  writeFileSync(settings, `[runtime.telemetry]\nhttp_endpoint = "${endpoint}"\n`)
  await walk()
  console.log(`works: ${command.join(' ')}`)
} finally {
  collector.closeAllConnections()
  collector.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

async function walk() {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  assert.equal(await says(['--version']), `${version}\n`)
  assert.equal((await status()).collecting, true)
  assert.equal(JSON.parse(await says(['print'])).trigger, 'preview')

  const claim = JSON.stringify({ subcommand: 'run', outcome: 'success', version })
  await says(['record', 'usage', '--notice-shown'], claim)
  assert.equal(received.length, 0, 'the first run sends nothing')
  await says(['record', 'usage'], claim)
  await until(() => received.length === 4)
  await until(async () => !(await status()).uploader.running)
  assert.equal(JSON.parse(await says(['log', '--json'])).length, 4)

  await says(['record', 'usage'], claim.replace('success', 'failed_parser'))
  assert.match(await says(['disable']), /is off, for good/)
  assert.equal((await status()).collecting, false)
  await says(['record', 'usage'], claim)
  assert.equal(JSON.parse(await says(['upload', '--json'])).attempted, 0)

  await says(['enable'])
  await crowd(claim)
  await longPath(claim)
  if (process.platform === 'win32') {
    await heldOpen(claim)
    await offForAll()
  }
  const { paths } = await status()
  await says(['disable', '--forget'])
  const left = Object.values(paths).filter((file) => existsSync(file))
  assert.deepEqual(left, [paths.settings], 'the no is all that is left')
}

/** Several hosts at once, while another process reads their statistics: no count is lost. */
async function crowd(claim) {
  const { stats } = (await status()).paths
  const counted = async () => JSON.parse(await says(['print'])).subcommand_counts.run
  const before = await counted()
  const reader = setInterval(() => {
    const open = openSync(stats, 'r')
    setTimeout(() => closeSync(open), 10)
  }, 20)
  try {
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        await says(['record', 'usage'], claim)
        // As Windows PowerShell pipes it.
        await says(['record', 'usage'], `\uFEFF${claim}\r\n`)
      }),
    )
  } finally {
    clearInterval(reader)
  }
  assert.equal(await counted(), before + 8)
  await until(async () => !(await status()).uploader.running)
}

/** A folder whose path has more than the 260 characters that old programs for Windows can take. */
async function longPath(claim) {
  const cache = path.join(home, 'l'.repeat(120), 'ö'.repeat(120), '.cache')
  const env = { XDG_CACHE_HOME: cache }
  const before = received.length
  await says(['record', 'usage'], claim, env)
  await says(['record', 'usage'], claim, env)
  assert.equal(JSON.parse(await says(['print'], '', env)).subcommand_counts.run, 2)
  const now = await status(env)
  assert.ok(now.paths.stats.startsWith(cache) && existsSync(now.paths.stats))
  await until(async () => !(await status(env)).uploader.running)
  assert.equal(JSON.parse(await says(['log', '--json'], '', env)).length, received.length - before)
}

/** What an administrator of Windows writes for all users. */
async function offForAll() {
  const file = path.join(home, 'ProgramData/runmat/telemetry.toml')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, '[runtime.telemetry]\r\nenabled = false\r\n')
  assert.equal((await status()).collecting, false)
  rmSync(file)
  assert.equal((await status()).collecting, true)
}

/** A program that lets nobody else open the statistics: what it delays is counted later. */
async function heldOpen(claim) {
  const { stats } = (await status()).paths
  const counted = async () => JSON.parse(await says(['print'])).subcommand_counts.run
  const before = await counted()
  const held = openSync(stats, constants.O_RDWR | exclusively)
  try {
    assert.throws(() => openSync(stats, 'r'), 'nobody else can open it')
    await says(['record', 'usage'], claim)
  } finally {
    closeSync(held)
  }
  await says(['record', 'usage'], claim)
  assert.equal(await counted(), before + 2)
  await until(async () => !(await status()).uploader.running)
}

async function status(env) {
  return JSON.parse(await says(['status', '--json'], '', env))
}

function says(args, input = '', env = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...before] = command
    const child = spawn(program, [...before, ...args], {
      env: { ...environment(), ...env },
      cwd: home,
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
    XDG_CACHE_HOME: path.join(home, '.cache'),
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
