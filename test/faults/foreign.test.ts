import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { mintClientId } from '../../src/store/client-id.ts'
import { signatureOf, thisHolder } from '../../src/store/process-identity.ts'
import { foreignIn, isOwnState } from '../../src/store/foreign.ts'
import { stopSenders } from '../../src/store/senders.ts'
import { eventually } from '../support/eventually.ts'
import { fillQueue, namesIn, queueFolder } from '../support/events.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'
import { isRunning } from '../support/processes.ts'
import { cli, cliCommand, run } from '../support/run.ts'
import { host as runHost, runStage } from '../runs/stage.ts'
import {
  cleanUpLater,
  fakeUploader,
  faultHome,
  host,
  sendTo,
  settle,
  stage,
  uploader,
} from './stage.ts'

const pathsOf = ({ state }: Home) => ({
  state,
  stats: path.join(state, 'stats.json'),
  queue: path.join(state, 'queue'),
  aside: path.join(state, 'set-aside'),
  lock: path.join(state, '.lock'),
  ledger: path.join(state, 'sent.ndjson'),
  uploads: path.join(state, 'uploads.json'),
})

const isRoot = process.getuid?.() === 0
const nobodyElse = 65_534

describe.concurrent('state that is not ours is left alone:', () => {
  it.each<[string, (home: Home) => string]>([
    [
      'a queue that is a link',
      (home) => {
        mkdirSync(home.at('victim'))
        mkdirSync(home.state, { recursive: true })
        symlinkSync(home.at('victim'), queueFolder(home))
        return queueFolder(home)
      },
    ],
    [
      'a folder that is a link',
      (home) => {
        mkdirSync(home.at('victim', 'queue'), { recursive: true })
        mkdirSync(path.dirname(home.state), { recursive: true })
        symlinkSync(home.at('victim'), home.state)
        return home.state
      },
    ],
    [
      'a folder that everybody may write to',
      (home) => {
        mkdirSync(home.at('victim'))
        mkdirSync(home.state, { recursive: true })
        chmodSync(home.state, 0o777)
        return home.state
      },
    ],
    ...(isRoot
      ? [
          [
            'a folder of another user',
            (home: Home) => {
              mkdirSync(home.at('victim'))
              mkdirSync(home.state, { recursive: true })
              chownSync(home.state, nobodyElse, nobodyElse)
              return home.state
            },
          ] as [string, (home: Home) => string],
        ]
      : []),
  ])('%s', async (_, put) => {
    const { home, collector } = await stage()
    const place = put(home)
    home.write('victim/precious.json', 'mine')
    expect(foreignIn(pathsOf(home)).map((one) => one.path)).toContain(place)
    expect(await host(home, { steps: [['count', 'run'], ['close']] })).toMatchObject({
      code: 0,
      out: '',
    })
    expect((await uploader(home)).code).toBe(0)
    for (const words of [['disable'], ['disable', '--forget'], ['forget', '--yes'], ['upload']]) {
      const { code, out, err } = await cli(home, words)
      expect({ words, code, out }).toEqual({ words, code: 1, out: '' })
      expect(err).toMatch(/ (belongs to another user|is a link|can be written by other users)\./)
    }
    expect((await cli(home, ['log'])).out).toContain('What was sent is not shown')
    expect(home.read('victim/precious.json')).toBe('mine')
    expect(namesIn(home.at('victim')).filter((name) => name !== 'queue')).toEqual(['precious.json'])
    expect(
      namesIn(home.state).filter((name) => !['queue', 'precious.json'].includes(name)),
    ).toEqual([])
    expect(collector.requests).toBe(0)
  })

  it('even if everything waits there for an uploader', async () => {
    const { home } = await stage()
    settle(home)
    fillQueue(home, 1)
    chmodSync(home.state, 0o777)
    const victim = home.write('victim', 'mine')
    symlinkSync(victim, path.join(home.state, 'uploader-starts'))
    const before = namesIn(home.state)
    const fake = fakeUploader(home)
    await host(home, { uploader: fake.uploader, steps: [['count', 'run'], ['close']] })
    expect(fake.wasStarted()).toBe(false)
    await uploader(home)
    expect(namesIn(home.state)).toEqual(before)
    expect(home.read('victim')).toBe('mine')
  })

  it.skipIf(!isRoot)('even if it can be written only by a group that all users share', async () => {
    const home = faultHome()
    const users = 100
    mkdirSync(home.state, { recursive: true })
    for (const one of [home.path, home.at('.cache'), home.at('.cache/runmat'), home.state]) {
      chownSync(one, nobodyElse, users)
    }
    chmodSync(home.state, 0o775)
    const words = ['--reuid', String(nobodyElse), '--regid', String(users), '--clear-groups']
    const { out } = await run('setpriv', [...words, ...cliCommand, 'status'], home, {
      env: { NODE_OPTIONS: undefined },
    })
    expect(out).toContain('~/.cache/runmat/telemetry can be written by other users.')
  })

  it('even if it takes the place of ours while a host runs', () => {
    const home = faultHome()
    mkdirSync(home.at('shared'))
    chmodSync(home.at('shared'), 0o777)
    const state = home.at('shared/runmat/telemetry')
    mkdirSync(state, { recursive: true })
    expect(isOwnState(state)).toBe(true)
    renameSync(home.at('shared/runmat'), home.at('shared/moved'))
    mkdirSync(state, { recursive: true })
    chmodSync(state, 0o777)
    expect(isOwnState(state)).toBe(false)
  })

  it('even by a run that ends while it is still connecting', async () => {
    const { home } = await stage()
    // It accepts connections and never says a word of TLS.
    const silent = createServer((socket) => void socket.on('error', () => undefined))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    cleanUpLater(() => silent.close())
    sendTo(home, `https://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/t`)
    settle(home)
    chmodSync(home.state, 0o777)
    const before = namesIn(home.state)
    await runHost(home, {})
    expect(namesIn(home.state)).toEqual(before)
  })

  it('a ledger that is a link is not appended to', async () => {
    const { home } = await stage()
    settle(home)
    fillQueue(home, 1)
    const victim = home.write('victim', 'mine')
    symlinkSync(victim, path.join(home.state, 'sent.ndjson'))
    await uploader(home)
    expect(readFileSync(victim, 'utf8')).toBe('mine')
  })
})

describe.concurrent('a link in the place of a file that only we write is not followed:', () => {
  it.each<[string, (home: Home) => unknown]>([
    ['wiped', (home) => cli(home, ['disable'])],
    ['uploads.json', (home) => runHost(home, {})],
    ['erase.json', (home) => cli(home, ['forget', '--yes'])],
  ])('%s', async (name, write) => {
    const { home, collector } = await runStage({ answer: 410 }, 'drain_timeout_ms = 5000\n')
    mintClientId(home.clientId)
    const link = path.join(home.state, name)
    const victim = home.write('victim', 'mine')
    symlinkSync(victim, link)
    await write(home)
    expect(collector.requests > 0).toBe(name !== 'wiped')
    expect(lstatSync(link).isFile()).toBe(true)
    expect(home.read('victim')).toBe('mine')
  })
})

describe.skipIf(!isRoot)('disable --here in a project of another user', () => {
  const isOff = '[runtime.telemetry]\nenabled = false\n'
  const projectOf = (home: Home): string => {
    mkdirSync(home.at('project'))
    chownSync(home.at('project'), nobodyElse, nobodyElse)
    return home.at('project/runmat.toml')
  }

  it('changes no file of ours through a link of theirs', async () => {
    const home = faultHome()
    const file = projectOf(home)
    const victim = home.write('victim.toml', 'jobs = 1\n')
    symlinkSync(victim, file)
    lchownSync(file, nobodyElse, nobodyElse)
    const { code, err } = await cli(home, ['disable', '--here'], { cwd: path.dirname(file) })
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining("user's link") })
    expect(home.read(victim)).toBe('jobs = 1\n')
    expect(home.read(home.settings)).toBe(isOff)
  })

  it('changes their file through their link', async () => {
    const home = faultHome()
    const file = projectOf(home)
    const theirs = home.write('theirs.toml', '')
    symlinkSync(theirs, file)
    for (const one of [file, theirs]) lchownSync(one, nobodyElse, nobodyElse)
    expect(await cli(home, ['disable', '--here'], { cwd: path.dirname(file) })).toMatchObject({
      code: 0,
    })
    expect(home.read(theirs)).toBe(isOff)
  })

  const inTheWay: readonly (readonly [string, (lock: string, home: Home) => string])[] = [
    ['a folder', (lock, home) => home.write(`${lock}/theirs`, 'theirs')],
    ['a file', (lock, home) => home.write(lock, 'theirs')],
    [
      'a link',
      (lock, home) => {
        symlinkSync(home.write('theirs', 'theirs'), lock)
        return lock
      },
    ],
  ]

  it.each(inTheWay)('leaves %s alone that lies where the lock would be', async (_, put) => {
    const home = faultHome()
    const file = projectOf(home)
    home.write(file, '')
    const theirs = put(`${file}.lock`, home)
    await cli(home, ['disable', '--here'], { cwd: path.dirname(file) })
    expect(home.read(file)).toBe(isOff)
    expect(home.read(theirs)).toBe('theirs')
  })

  it('gives no file away that takes the name of the temporary one meanwhile', async () => {
    const home = faultHome()
    const file = projectOf(home)
    home.write(file, '')
    chmodSync(file, 0o666)
    lchownSync(file, nobodyElse, nobodyElse)
    const victim = home.write('victim', 'mine')
    chmodSync(victim, 0o600)
    const go = home.at('go')
    const env = withFsFaults(home, { hold: { call: /^fsync .*runmat\.toml.*tmp/, go } })
    const done = cli(home, ['disable', '--here'], { cwd: path.dirname(file), env })
    // The file is there a moment before its line is.
    const held = await eventually(() => {
      expect(home.read('go.held')).toMatch(/\n$/)
      return home.read('go.held')
    })
    const [, temporary = ''] = held.trimEnd().split(' ')
    rmSync(temporary)
    symlinkSync(victim, temporary)
    home.write(go, '')
    await done
    expect(statSync(victim)).toMatchObject({ uid: process.getuid?.(), mode: 0o100_600 })
  })
})

describe('a process that is named in a lock', () => {
  it('is not killed unless its start time, machine and program prove that it is an uploader', async () => {
    const { home } = await stage()
    settle(home)
    const lock = path.join(home.state, '.lock')
    const victim = spawn('sleep', ['60'])
    try {
      const pid = victim.pid ?? 0
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const born = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
      const { place } = thisHolder()
      for (const holder of [
        { pid, born, place },
        { pid, born, place: null },
        { pid, born: null, place },
        { pid, born, place: 'elsewhere' },
      ]) {
        home.write(lock, `${signatureOf(holder)}}\n`)
        expect(await stopSenders({ state: path.dirname(lock), lock })).toMatchObject({
          stopped: false,
        })
        expect(isRunning(pid)).toBe(true)
      }
    } finally {
      victim.kill('SIGKILL')
    }
  })
})
