import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Collector, startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'
import { requireTool } from '../support/tools.ts'
import { windowsArchive } from './stage.ts'

const compiler = 'x86_64-w64-mingw32-gcc'
const archive = windowsArchive()
const canRun = archive !== undefined && ['wine', 'wineserver', 'unzip', compiler].every(requireTool)

const user = 'Jürgen Groß'
const profile = `C:\\users\\${user}`
const claim = JSON.stringify({ subcommand: 'run', outcome: 'success', version: '0.6.1' })

// A process takes seconds to start here, so one walk through what people do stands for many.
describe.runIf(canRun)('the executable for Windows, under Wine,', () => {
  const base = mkdtempSync(path.join(os.tmpdir(), 'telemetry wine '))
  const home = path.join(base, 'prefix/drive_c/users', user)
  const state = path.join(home, 'AppData/Local/runmat/Cache/telemetry')
  const settings = path.join(home, '.config/runmat/config.toml')
  const clientId = path.join(home, '.runmat/telemetry_id')
  let collector: Collector
  let holder: ChildProcess | undefined

  beforeAll(async () => {
    execFileSync('unzip', ['-q', archive ?? '', '-d', base])
    const folder = path.join(base, path.basename(archive ?? '', '.zip'))
    execFileSync('mv', [folder, path.join(base, 'größe und mehr')])
    compile('bcryptprimitives.c', path.join(base, 'größe und mehr/bcryptprimitives.dll'))
    compile('in-home.c', path.join(base, 'in-home.exe'))
    compile('hold.c', path.join(base, 'hold.exe'))
    collector = await startCollector()
    mkdirSync(path.dirname(settings), { recursive: true })
    writeFileSync(settings, `[runtime.telemetry]\r\nhttp_endpoint = "${collector.url}"\r\n`)
  }, 300_000)

  afterAll(async () => {
    holder?.kill()
    // It fails where nothing runs any more.
    spawnSync('wineserver', ['-k'], { env: environment(base), stdio: 'ignore' })
    await collector.stop()
    rmSync(base, { recursive: true, force: true, maxRetries: 5 })
  }, 60_000)

  it('records, uploads once, and hears an opt-out', { timeout: 600_000 }, async () => {
    const before = await status()
    expect(before).toMatchObject({ collecting: true, uploading: true, client_id: null })
    expect(before.paths.sent).toBe(
      String.raw`${profile}\AppData\Local\runmat\Cache\telemetry\sent.ndjson`,
    )
    expect(JSON.parse((await run(['print'])).out)).toMatchObject({ trigger: 'preview' })
    expect([existsSync(state), existsSync(clientId)]).toEqual([false, false])

    expect(await run(['record', 'usage', '--notice-shown'], claim)).toEqual({ out: '', err: '' })
    expect(existsSync(state)).toBe(true)
    expect(collector.requests).toBe(0)

    // A program that keeps the statistics open, and lets nobody replace or delete them.
    holder = await hold(path.join(state, 'stats.json'))
    await run(['record', 'usage'], claim)
    await collector.received(3)
    // What could not be counted meanwhile is counted with the next event.
    holder.kill()
    await run(['record', 'usage'], claim)
    await collector.received(4)
    await eventually(async () => expect((await status()).uploader.running).toBe(false), {
      timeout: 120_000,
    })
    const ids = collector.events.map(({ json }) => (json as { event_id: string }).event_id)
    expect(new Set(ids).size).toBe(4)
    expect(collector.events).toHaveLength(4)
    const log = JSON.parse((await run(['log', '--json'])).out) as { event: { event_id: string } }[]
    expect(new Set(log.map(({ event }) => event.event_id))).toEqual(new Set(ids))
    expect(JSON.parse((await run(['print'])).out)).toMatchObject({ subcommand_counts: { run: 3 } })

    expect((await run(['disable'])).out).toMatch(/ is off, for good/)
    expect(readFileSync(settings, 'utf8')).toContain('\r\nenabled = false\r\n')
    await run(['record', 'usage'], claim)
    expect(JSON.parse((await run(['upload', '--json'])).out)).toMatchObject({ attempted: 0 })
    await run(['disable', '--forget'])
    expect([existsSync(state), existsSync(clientId)]).toEqual([false, false])
    expect(collector.events).toHaveLength(4)
  })

  async function status(): Promise<Status> {
    return JSON.parse((await run(['status', '--json'])).out) as Status
  }

  /** Throws if it ends with anything but 0. */
  function run(args: readonly string[], input = ''): Promise<{ out: string; err: string }> {
    const program = path.join(base, 'größe und mehr/runmat-telemetry.exe')
    return new Promise((resolve, reject) => {
      const child = spawn('wine', [path.join(base, 'in-home.exe'), windowsPath(program), ...args], {
        cwd: home,
        env: environment(base),
      })
      let out = ''
      let err = ''
      child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
      child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
      child.on('error', reject)
      child.on('close', (code) => {
        if (code === 0) resolve({ out, err })
        else reject(new Error(`${args.join(' ')} ended with ${code}: ${err}`))
      })
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
    })
  }

  async function hold(file: string): Promise<ChildProcess> {
    const child = spawn('wine', [path.join(base, 'hold.exe'), windowsPath(file)], {
      env: environment(base),
    })
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve())
      child.once('close', (code) => reject(new Error(`it ended with ${code}`)))
    })
    await ready
    return child
  }
})

interface Status {
  readonly uploader: { readonly running: boolean }
  readonly paths: { readonly sent: string }
}

function environment(base: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: base,
    WINEPREFIX: path.join(base, 'prefix'),
    WINEDEBUG: '-all',
    LC_ALL: 'C.UTF-8',
    TEST_HOME: profile,
    TEST_LOCAL: String.raw`${profile}\AppData\Local`,
    RUNMAT_TELEMETRY_KEY: 'key-of-the-tests',
  }
}

/**
 * Debian 12's Wine lacks one library that the executable needs; a stand-in has the one function that
 * the executable asks it for.
 */
function compile(source: string, into: string): void {
  const kind = into.endsWith('.dll') ? ['-shared'] : ['-municode']
  const file = path.join(import.meta.dirname, 'wine', source)
  execFileSync(compiler, [...kind, '-O1', '-o', into, file, '-ladvapi32'])
}

function windowsPath(file: string): string {
  return `Z:${file.replaceAll('/', '\\')}`
}
