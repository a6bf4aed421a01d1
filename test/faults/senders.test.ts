import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { mintClientId } from '../../src/store/client-id.ts'
import { eventsBeingSent, markSending, stopSenders } from '../../src/store/senders.ts'
import { configure } from '../runs/stage.ts'
import { eventually } from '../support/eventually.ts'
import { fillQueue, namesIn, queueContent } from '../support/events.ts'
import { findMounter, type Mounter } from '../support/mounts.ts'
import type { Home } from '../support/home.ts'
import { isRunning, nothingRuns, stateOf } from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { cli, cliJson, root, run } from '../support/run.ts'
import {
  library,
  settle,
  stage,
  type Stage,
  uploader,
  uploaderCommand,
  uploaderEnv,
} from './stage.ts'

const leapingClock = path.resolve(import.meta.dirname, '../support/leaping-clock.cjs')

const pathsIn = (home: Home) => ({ state: home.state, lock: path.join(home.state, '.lock') })

describe('after an opt-out, and at the old address after a change of it,', () => {
  it('no byte arrives over a slow TLS handshake, proxy or name lookup, by HTTP or UDP', async () => {
    const script = path.join(root, 'scripts/soak/late-bytes.js')
    const { home } = await stage()
    const rounds = ['--disable=2', '--endpoint=1', '--off-by-hand=1', '--address-by-hand=1']
    const args = [script, ...rounds, '--longest=1500']
    const { code, out } = await run(process.execPath, args, home)
    const totals = JSON.parse(out) as Record<string, number>
    const { arrived = 0, datagrams = 0 } = totals
    expect({ code, ...totals }).toMatchObject({ code: 0, rounds: 5, late: 0, lateDatagrams: 0 })
    expect(arrived + datagrams).toBeGreaterThan(0)
  }, 300_000)
})

describe.concurrent('an opt-out', () => {
  /** The process of a host that is suspended in the middle of a post. */
  const frozenHost = async ({ home, collector }: Stage): Promise<number> => {
    settle(home, { fired: ['first_seen_for_install_id', 'first_seen_for_version@0.6.1'] })
    configure(home, collector.url, 'drain_timeout_ms = 5000\n')
    const play = JSON.stringify({ library, end: 'close' })
    const child = spawn(process.execPath, [program('runner'), play], {
      env: home.env,
      stdio: 'ignore',
    })
    await collector.received(1)
    const pid = child.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    await eventually(() => expect(stateOf(pid)).toBe('T'))
    return pid
  }

  it('does not claim success if a host is frozen in the middle of a post', async () => {
    const made = await stage({ answer: { hang: 'before headers' } })
    const { home } = made
    const pid = await frozenHost(made)
    expect(eventsBeingSent(pathsIn(home))?.size).toBeGreaterThan(0)
    expect(await stopSenders(pathsIn(home))).toEqual({ stopped: false })
    expect(isRunning(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
    await eventually(() => expect(isRunning(pid)).toBe(false))
    expect(await stopSenders(pathsIn(home))).toEqual({ stopped: true })
    expect(namesIn(path.join(home.state, 'senders'))).toEqual([])
  })

  it.each(['', ' --keep-queue'])('and neither does a new address: endpoint%s', async (option) => {
    const made = await stage({ answer: { hang: 'before headers' } })
    const pid = await frozenHost(made)
    const words = `endpoint http://127.0.0.1:9/v1/t${option}`.split(' ')
    const { code, err } = await cli(made.home, words)
    process.kill(pid, 'SIGKILL')
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('could not be stopped'),
    })
  })

  it.runIf(process.platform === 'linux')('reaches hosts with another cache folder', async () => {
    const made = await stage({ answer: { hang: 'before headers' } })
    const { home } = made
    const job: Home = { ...home, env: { ...home.env, XDG_CACHE_HOME: home.at('job') } }
    const queue = home.at('job/runmat/telemetry/queue')
    const pid = await frozenHost({ ...made, home: { ...job, state: path.dirname(queue) } })
    home.write(path.join(queue, 'waiting.json'), '{}')
    const { code, err } = await cli(home, ['disable'])
    expect(code).toBe(1)
    expect(err).toContain('a process that was sending could not be stopped')
    expect(namesIn(queue)).toEqual([])
    process.kill(pid, 'SIGCONT')
    await nothingRuns(home)
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(namesIn(queue)).toEqual([])
  })

  it.runIf(process.platform === 'linux').each([
    ['', 'disable'],
    ['/', 'disable'],
    ['', 'endpoint http://127.0.0.1:9/v1/t'],
  ])("deletes the queue of such a job, whose HOME ends with '%s': %s", async (end, words) => {
    const { home } = await stage()
    mintClientId(home.clientId)
    const queue = home.at('job/runmat/telemetry/queue')
    home.write(path.join(queue, 'waiting.json'), '{}')
    const env = { HOME: home.path + end, XDG_CACHE_HOME: home.at('job') }
    const job = spawn('sleep', ['60'], { env: { ...home.env, ...env } })
    await once(job, 'spawn')
    expect((await cli(home, words.split(' '))).code).toBe(0)
    job.kill()
    await once(job, 'close')
    expect(namesIn(queue)).toEqual([])
  })

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'deletes nothing that only a process of another user names',
    async () => {
      const { home } = await stage()
      mintClientId(home.clientId)
      const kept = home.write('backup/runmat/telemetry/queue/waiting.json', '{}')
      const env = { ...home.env, XDG_CACHE_HOME: home.at('backup') }
      const job = spawn('sleep', ['60'], { env, uid: 65_534, gid: 65_534 })
      await once(job, 'spawn')
      expect((await cli(home, ['disable'])).code).toBe(0)
      job.kill()
      await once(job, 'close')
      expect(home.has(kept)).toBe(true)
    },
  )

  it('waits for nothing else once it can claim no success', async () => {
    const made = await stage({ answer: { hang: 'before headers' } })
    const { home } = made
    const pid = await frozenHost(made)
    home.write(`${home.state}/leaving-${randomUUID()}.tmp`, `{"pid":${process.pid}}\n`)
    const begun = performance.now()
    expect((await cli(home, ['disable'])).code).toBe(1)
    expect(performance.now() - begun).toBeLessThan(5500)
    process.kill(pid, 'SIGKILL')
    await nothingRuns(home)
  })

  it('resets a post of a host, and the host goes on', async () => {
    const { home, collector } = await stage({ answer: { hang: 'before headers' } })
    settle(home, { fired: ['first_seen_for_install_id', 'first_seen_for_version@0.6.1'] })
    configure(home, collector.url, 'drain_timeout_ms = 5000\n')
    const play = JSON.stringify({ library, end: 'close' })
    const host = run(process.execPath, [program('runner'), play], home)
    await collector.received(1)
    home.write(home.settings, '[runtime.telemetry]\nenabled = false\n')
    expect(await stopSenders(pathsIn(home))).toEqual({ stopped: true })
    await eventually(() => expect(collector.open).toBe(0))
    expect(await host).toMatchObject({ code: 0, err: '' })
  })

  it('kills no process that is named in the lock but is not an uploader', async () => {
    const { home } = await stage()
    const child = spawn('sleep', ['600'], { env: home.env, stdio: 'ignore' })
    const pid = child.pid ?? 0
    const born = await eventually(() => {
      const text = /\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]?.split(' ')[19]
      if (text === undefined) throw new Error('not born yet')
      return text
    })
    home.write(pathsIn(home).lock, `${JSON.stringify({ pid, born })}\n`)
    expect(await stopSenders(pathsIn(home))).toEqual({ stopped: false })
    expect(isRunning(pid)).toBe(true)
    child.kill('SIGKILL')
  })

  it.each([
    ['', ''],
    [', and no other while the clock leaps', `--require=${leapingClock}`],
  ])('ends a hanging uploader by its own watchdog if no other process can%s', async (_, hook) => {
    const { home } = await stage()
    const child = spawn(process.execPath, [program('hanging'), home.settings], {
      env: { ...home.env, NODE_OPTIONS: `${home.env['NODE_OPTIONS'] ?? ''} ${hook}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await Promise.race([once(child.stdout, 'data'), ended])
    expect(child.signalCode).toBe(null)
    home.write(home.settings, '[runtime.telemetry]\nenabled = false\n')
    expect(await ended).toEqual([null, 'SIGKILL'])
  })

  it('waits for a marker of its own process, too', async () => {
    const { home } = await stage()
    const unmark = markSending(pathsIn(home), 'an-event')
    const stopping = stopSenders(pathsIn(home))
    expect(eventsBeingSent(pathsIn(home))).toEqual(new Set(['an-event']))
    unmark?.()
    expect(await stopping).toEqual({ stopped: true })
  })
})

describe.concurrent('an event is sent once', () => {
  const mounter = findMounter()

  it.skipIf(mounter === undefined)('even if its file cannot be removed', async () => {
    const { home, collector } = await stage()
    fillQueue(home, 3)
    const queue = path.join(home.state, 'queue')
    const before = `mount --bind "${queue}" "${queue}"\nmount -o remount,bind,ro "${queue}"`
    const [first = '', ...rest] = (mounter as Mounter)({ before }, uploaderCommand)
    for (let round = 0; round < 3; round += 1) {
      expect(await run(first, rest, home, { env: uploaderEnv })).toMatchObject({ code: 0 })
    }
    expect(collector.requests).toBe(3)
    expect(Object.keys(queueContent(home))).toHaveLength(3)
    // When the folder lets go of them, they are removed and not sent.
    fillQueue(home, 1, 9)
    await uploader(home)
    expect(queueContent(home)).toEqual({})
    expect(collector.requests).toBe(4)
  })

  it('even if a host finishes a run twice', async () => {
    const { home, collector } = await stage()
    settle(home)
    const input = JSON.stringify({
      event_label: 'runtime.run.finished',
      session_id: randomUUID(),
      run_kind: 'script',
      payload: { duration_us: 4412, success: true, jit_enabled: true },
    })
    const say = () => cliJson(home, ['record', 'runtime'], { input })
    // With what the first run of a version is worth.
    expect(await say()).toMatchObject({ queued: 2 })
    await nothingRuns(home)
    expect(collector.requests).toBe(2)
    expect(await say()).toMatchObject({ queued: 0 })
    await nothingRuns(home)
    expect(collector.requests).toBe(2)
  })

  it('even if it is confirmed after the drain while the host lives on', async () => {
    const { home, collector } = await stage({ answer: { status: 204, afterMs: 1500 } })
    settle(home, { fired: ['first_seen_for_install_id', 'first_seen_for_version@0.6.1'] })
    configure(home, collector.url)
    const play = JSON.stringify({ library, end: 'close and live on' })
    const child = spawn(process.execPath, [program('runner'), play], {
      env: home.env,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    await collector.received(1)
    await eventually(() => expect(queueContent(home)).not.toEqual({}))
    await eventually(() => expect(queueContent(home)).toEqual({}))
    child.stdin.end()
    await nothingRuns(home)
    const uuids = collector.events.map(({ json }) => (json as { uuid: string }).uuid)
    expect(uuids).toHaveLength(2)
    expect(new Set(uuids).size).toBe(2)
  })
})
