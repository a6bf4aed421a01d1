import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { eventually } from '../support/eventually.ts'
import type { Script, Step } from '../programs/host.ts'
import type { Answer } from '../support/collector.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { optOuts } from '../support/opt-outs.ts'
import {
  childrenOf,
  isRunning,
  nothingRuns,
  processesOf,
  sessionOf,
  stateOf,
} from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { cliJson, run } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'
import {
  hastyUploader,
  host,
  idsAt,
  library,
  settle,
  stage,
  fakeUploader,
  uploader,
  uploaderCommand,
  uploaderEnv,
  uploaderIn,
  uploadsOf,
} from './stage.ts'

const [variable = ''] = Object.keys(uploaderEnv)

const slow: Answer = { status: 204, afterMs: 150 }

const steps: readonly Step[] = [['count', 'run'], ['close'], ['wait']]

const hostCommand = (): readonly string[] => {
  const script: Script = { library, version: '1.0.0', steps }
  return [process.execPath, program('host'), JSON.stringify(script)]
}

/** A host that stays, in a process group and a folder of its own. */
function stayingHost(home: Home, command: readonly string[]) {
  const [first = '', ...rest] = command
  const folder = home.at('work')
  mkdirSync(folder)
  const child = spawn(first, rest, {
    cwd: folder,
    env: { ...home.env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const ended = new Promise((resolve) => {
    child.on('close', resolve)
  })
  return { pid: child.pid ?? 0, folder, ended }
}

describe.concurrent('an uploader outlives', () => {
  const ways: [string, readonly string[], NodeJS.Signals][] = [
    ['its host, killed with its whole group', [], 'SIGKILL'],
    ['its host, interrupted with its whole group', [], 'SIGINT'],
    ['its terminal', ['script', '-qefc'], 'SIGKILL'],
  ]
  it.for(ways)('%s and the folder it was started in', async ([, terminal, signal], { skip }) => {
    const [tool] = terminal
    skip(tool !== undefined && !requireTool(tool), `${tool} is not installed`)
    const { home, collector } = await stage({ answer: slow })
    settle(home, { sequence: 50 })
    fillQueue(home, 50)
    const inTerminal = () => [
      ...terminal,
      `exec ${hostCommand()
        .map((word) => `'${word}'`)
        .join(' ')}`,
      '/dev/null',
    ]
    const command = terminal.length === 0 ? hostCommand() : inTerminal()
    const { pid, folder, ended } = stayingHost(home, command)
    await collector.received(1)
    const uploading = uploaderIn(home)
    expect(childrenOf(uploading)).toEqual([])
    process.kill(-pid, signal)
    rmSync(folder, { recursive: true })
    await ended
    expect(isRunning(uploading)).toBe(true)
    expect(readlinkSync(`/proc/${uploading}/cwd`)).toBe('/')
    await collector.received(51)
    await nothingRuns(home)
    expect(new Set(idsAt(collector)).size).toBe(51)
    expect(queueContent(home)).toEqual({})
  })

  it('a host that ends at once without waiting', async () => {
    const { home, collector } = await stage({ answer: { hang: 'before headers' } })
    settle(home)
    const timing = home.at('timing')
    const ended = await host(home, { steps: [['count', 'run'], ['close']], timing })
    expect(ended).toEqual({ code: 0, signal: null, out: '', err: '' })
    expect(Number(home.read(timing))).toBeLessThan(5000)
    await collector.received(1)
    const uploading = uploaderIn(home)
    // Nothing ties it to a terminal: it leads a session of its own.
    expect(sessionOf(uploading)).toEqual({ leader: uploading, terminal: 0 })
    expect(await cliJson(home, ['status'])).toMatchObject({
      uploader: { running: true, pid: uploading },
    })
    process.kill(uploading, 'SIGKILL')
    await nothingRuns(home)
    expect(await cliJson(home, ['status'])).toMatchObject({ uploader: { running: false } })
  })
})

describe.concurrent('an uploader', () => {
  it.skipIf(!requireTool('strace'))('starts no process', async () => {
    const { home, collector } = await stage()
    fillQueue(home, 20)
    const trace = home.at('trace')
    const calls = 'trace=execve,execveat,fork,vfork,clone,clone3'
    const command = ['-f', '-qq', '-e', calls, '-o', trace, ...uploaderCommand]
    const ended = await run('strace', command, home, { env: uploaderEnv })
    expect(ended.code).toBe(0)
    expect(collector.requests).toBe(20)
    const lines = home.read(trace).split('\n')
    expect(lines.filter((line) => line.includes('execve'))).toHaveLength(1)
    // What else is cloned are threads, which the kernel calls the same.
    const children = lines.filter((line) => /fork\(|clone3?\(/.test(line))
    expect(children.filter((line) => !line.includes('CLONE_THREAD'))).toEqual([])
  })

  it('sends nothing if its settings name another address than its host has seen', async () => {
    const { home, collector } = await stage()
    settle(home)
    fillQueue(home, 3)
    // Such as the built-in one, because the settings file is gone for a moment.
    const settings = home.read(home.settings)
    const removing = ['-c', 'rm "$0"; exec "$@"', home.settings, ...uploaderCommand]
    const late = { command: '/bin/sh', args: removing }
    await host(home, { uploader: late, steps: [['close']] })
    await nothingRuns(home)
    expect(home.has(home.settings)).toBe(false)
    expect(Object.keys(queueContent(home))).toHaveLength(3)
    home.write(home.settings, settings)
    await host(home, { steps: [['close']] })
    await collector.received(3)
    await nothingRuns(home)
  })

  it.each(optOuts)(
    'is not started under $rule, and sends nothing if it is started anyway',
    async ({ say }) => {
      const { home, collector } = await stage()
      settle(home)
      fillQueue(home, 3)
      const env = say(home)
      const own = fakeUploader(home)
      await host(home, { uploader: own.uploader, steps: [['count', 'run'], ['close']] }, { env })
      expect(own.wasStarted()).toBe(false)
      expect((await uploader(home, { env })).code).toBe(0)
      expect(collector.connections).toBe(0)
      expect(Object.keys(queueContent(home))).toHaveLength(3)
    },
  )

  it('is not started if there is nothing to send', async () => {
    const { home } = await stage()
    settle(home, { fired: ['first_seen_for_install_id', 'first_seen_for_version@1.0.0'] })
    const own = fakeUploader(home)
    await host(home, { uploader: own.uploader, steps: [['count', 'repl'], ['close']] })
    expect(own.wasStarted()).toBe(false)
  })

  it('is not started while another one runs, but is after that one died', async () => {
    const { home, collector } = await stage({ answer: { hang: 'before headers' } })
    settle(home, { sequence: 3 })
    fillQueue(home, 3)
    await host(home, { steps: [['close']] })
    await collector.received(3)
    const own = fakeUploader(home)
    const running = processesOf(home)
    await host(home, { uploader: own.uploader, steps: [['count', 'run'], ['close']] })
    expect(processesOf(home)).toEqual(running)
    expect(home.has('an-uploader-was-started')).toBe(false)
    process.kill(running[0] ?? 0, 'SIGKILL')
    await nothingRuns(home)
    await host(home, { uploader: own.uploader, steps: [['close']] })
    expect(own.wasStarted()).toBe(true)
  })

  it.each<[string, Answer]>([
    ['hangs', { hang: 'before headers' }],
    ['drips', { drip: 'headers', everyMs: 10 }],
    ['answers ever so slowly', { status: 204, afterMs: 250 }],
  ])('is gone in time from a collector that %s', async (_, answer) => {
    const { home, collector } = await stage({ answer })
    fillQueue(home, 200)
    const started = performance.now()
    const ended = await hastyUploader(home, { postTimeoutMs: 400, deadlineMs: 800 })
    expect(performance.now() - started).toBeLessThan(15_000)
    expect(ended).toEqual({ code: 0, signal: null, out: '', err: '' })
    await eventually(() => expect(collector.open).toBe(0))
    expect(home.has(path.join(home.state, '.lock'))).toBe(false)
    const kept = Object.keys(queueContent(home)).length
    expect(kept).toBeGreaterThan(100)
    expect(uploadsOf(home).last_result).toMatch(/^(out of time|failed: timeout)$/)
    collector.setAnswer(204)
    expect(await cliJson(home, ['upload'])).toMatchObject({ delivered: kept, kept: 0 })
  })

  it('starts no other uploader, and neither do processes that it started', async () => {
    const { home } = await stage()
    settle(home)
    const own = fakeUploader(home)
    const short: Step[] = [['count', 'run'], ['close']]
    await host(home, { uploader: own.uploader, steps: short }, { env: uploaderEnv })
    expect(own.wasStarted()).toBe(false)
    await host(home, { uploader: own.uploader, steps: short })
    await eventually(() => expect(own.wasStarted()).toBe(true))
  })

  it.runIf(process.platform === 'linux').each([
    ['itself', 'exec "$@"', `delete process.env.${variable}`],
    ['its parent', `env -u ${variable} "$@"; true`, ''],
  ])('starts no other one although %s has cleaned its environment', async (_, parent, preload) => {
    const { home } = await stage()
    settle(home)
    const own = fakeUploader(home)
    const guard = home.env['NODE_OPTIONS'] ?? ''
    const cleaning = home.write('clean.cjs', preload)
    const script: Script = {
      library,
      version: '1.0.0',
      steps: [['count', 'run'], ['close']],
      uploader: own.uploader,
    }
    const node = [process.execPath, program('host'), JSON.stringify(script)]
    const env = { ...uploaderEnv, NODE_OPTIONS: `${guard} --require ${cleaning}` }
    const ended = await run('sh', ['-c', parent, 'sh', ...node], home, { env })
    expect(ended).toEqual({ code: 0, signal: null, out: '', err: '' })
    expect(Object.keys(queueContent(home))).toHaveLength(1)
    expect(own.wasStarted()).toBe(false)
  })

  it('runs even if its host has relative preloads or a debugger', async () => {
    const { home, collector } = await stage()
    settle(home)
    home.write('mine.cjs', '')
    const guard = home.env['NODE_OPTIONS'] ?? ''
    for (const options of ['--require ./mine.cjs', '-r ./mine.cjs', '--import "./mine.cjs"']) {
      const env = { NODE_OPTIONS: `${guard} ${options} --no-warnings` }
      const version = `1.0.${collector.requests}`
      await host(home, { version, steps: [['count', 'run'], ['close']] }, { env })
      await nothingRuns(home)
      expect(queueContent(home)).toEqual({})
    }
    expect(collector.requests).toBe(3)
  })

  it('that never comes up is started less and less often', async () => {
    const { home } = await stage()
    settle(home)
    const own = fakeUploader(home)
    let starts = 0
    for (let round = 0; round < 6; round += 1) {
      await host(home, {
        version: `1.0.${round}`,
        uploader: own.uploader,
        steps: [['count', 'run'], ['close']],
      })
      await nothingRuns(home)
      if (home.has('an-uploader-was-started')) starts += 1
      rmSync(home.at('an-uploader-was-started'), { force: true })
    }
    expect(starts).toBe(3)
    await uploader(home)
    expect(queueContent(home)).toEqual({})
    await host(home, {
      version: '2.0.0',
      uploader: own.uploader,
      steps: [['count', 'run'], ['close']],
    })
    await eventually(() => expect(own.wasStarted()).toBe(true))
  })

  const inTheWay: readonly (readonly [string, (where: string, home: Home) => void])[] = [
    ['a pipe', (where) => execFileSync('mkfifo', [where])],
    ['a folder', (where) => mkdirSync(where)],
    ['a link', (where, home) => symlinkSync(home.write('mine', 'mine'), where)],
  ]

  it.each(inTheWay)('is started although %s lies where starts are counted', async (_, put) => {
    const { home, collector } = await stage()
    settle(home)
    put(path.join(home.state, 'uploader-starts'), home)
    await host(home, { steps: [['count', 'run'], ['close']] })
    await collector.received(1)
    expect(home.has('mine') ? home.read('mine') : 'mine').toBe('mine')
  })

  it('that cannot be started does not disturb the host', async () => {
    const { home } = await stage()
    settle(home)
    for (const command of ['/nonexistent/node', home.path, '']) {
      const ended = await host(home, {
        steps: [['count', 'run'], ['close']],
        uploader: { command, args: [] },
      })
      expect(ended).toEqual({ code: 0, signal: null, out: '', err: '' })
    }
    expect(Object.keys(queueContent(home))).toHaveLength(1)
  })

  it('that is stopped in the middle of an upload continues it', async () => {
    const { home, collector } = await stage({ answer: { status: 204, afterMs: 10 } })
    settle(home, { sequence: 100 })
    fillQueue(home, 100)
    await host(home, { steps: [['close']] })
    await collector.received(20)
    const pid = uploaderIn(home)
    process.kill(pid, 'SIGSTOP')
    await eventually(() => expect(stateOf(pid)).toBe('T'))
    // As long as it lives it has the lock, however long it sleeps.
    const own = fakeUploader(home)
    await host(home, {
      version: '1.0.1',
      steps: [['count', 'run'], ['close']],
      uploader: own.uploader,
    })
    expect(home.has('an-uploader-was-started')).toBe(false)
    process.kill(pid, 'SIGCONT')
    await collector.received(101)
    await nothingRuns(home)
    expect(new Set(idsAt(collector)).size).toBe(101)
    expect(collector.events).toHaveLength(101)
  })
})
