import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

import { beforeAll, describe, expect, it, vi } from 'vitest'

import { usualLease } from '../../../infra/worker/src/sinks/name-lock.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { findMounter } from '../../support/mounts.ts'
import { findElsewhere } from '../../support/namespaces.ts'
import { finished, uuidOf } from './support/events.ts'
import { buildWorker, run, type Running } from './support/process.ts'
import { json } from './support/requests.ts'
import { key, later } from './support/stage.ts'

/** How often a worker is killed. Sixty show more, and take more than a minute. */
const mostKills = Number(process.env['DRILL_KILLS'] ?? 6)

// Locks of other machines are watched for ten seconds, beside whatever else runs here.
vi.setConfig({ testTimeout: 120_000 + mostKills * 5000 })

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const home = tempHome()
let folders = 0

function newFolder(): string {
  folders += 1
  return home.at(`events-${folders}`)
}

function post(url: string, body: string): Promise<number> {
  return fetch(`${url}/v1/t`, {
    method: 'POST',
    headers: { 'Content-Type': json, 'x-telemetry-key': key },
    body,
  }).then(
    (response) => response.status,
    () => 0,
  )
}

function uuidsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => {
      // A line that a kill cut short is of an unconfirmed event.
      const lines = readFileSync(path.join(folder, name), 'utf8').split('\n').slice(0, -1)
      return lines.map(uuidOf)
    })
}

/** Runs the worker by way of another command. */
function runBy(command: readonly string[], env: Readonly<Record<string, string>>) {
  const [name, ...args] = [...command, process.execPath, program]
  const child = spawn(name, args, {
    cwd: home.path,
    env: {
      PATH: process.env['PATH'] ?? '',
      INGESTION_KEY: key,
      PORT: '0',
      HOST: '127.0.0.1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
  }
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal)
    return await ended
  }
  later(() => kill())
  return { pid: child.pid, said: () => text, ended, kill }
}

describe('four workers on one folder', () => {
  it('have each event that got 204, once, with a kill -9 after every few events', async () => {
    const folder = newFolder()
    const names = ['a', 'b', 'c', 'd']
    const startOne = (name: string) => run(program, { EVENTS_DIR: folder, WORKER_NAME: name })
    const workers: Running[] = await Promise.all(names.map(startOne))
    const acknowledged: string[] = []
    let kills = 0
    const isOver = (): boolean => kills >= mostKills
    const killing = (async () => {
      for (; !isOver(); kills += 1) {
        const before = acknowledged.length
        await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 100))
        const at = kills % names.length
        await workers[at]?.stop('SIGKILL')
        workers[at] = await startOne(names[at] ?? '')
        expect(workers[at]?.port).toBeGreaterThan(0)
      }
    })()
    let attempts = 0
    const client = async (): Promise<void> => {
      while (!isOver()) {
        const bytes = finished()
        // Like a client behind a load balancer: the next attempt goes to another worker.
        for (let status = 0; status !== 204; attempts += 1) {
          status = await post(workers[attempts % names.length]?.url ?? '', bytes)
          expect([0, 204, 503]).toContain(status)
        }
        acknowledged.push(uuidOf(bytes))
      }
    }
    await Promise.all([killing, ...Array.from({ length: 16 }, client)])
    await Promise.all(workers.map((worker) => worker.stop()))
    const there = uuidsIn(folder)
    console.log(`${acknowledged.length} events, ${kills} kills, ${attempts} attempts`)
    expect(attempts).toBeGreaterThan(acknowledged.length)
    expect(there.toSorted()).toEqual(acknowledged.toSorted())
  })
})

describe('a second worker of the same name', () => {
  it('ends with 1 and names the lock; the first one goes on', async () => {
    const folder = newFolder()
    const env = { EVENTS_DIR: folder, WORKER_NAME: 'same' }
    const first = await run(program, env)
    const second = await run(program, env)
    expect((await second.ended).code).toBe(1)
    expect(second.said()).toBe(
      `Another worker has this name and holds ${path.join(folder, 'same.lock')}. Set WORKER_NAME.\n`,
    )
    expect(await post(first.url, finished())).toBe(204)
    await first.stop()
    expect(existsSync(path.join(folder, 'same.lock'))).toBe(false)
  })

  it('takes the name over at once if the first was killed', async () => {
    const env = { EVENTS_DIR: newFolder(), WORKER_NAME: 'same' }
    for (let round = 0; round < 3; round += 1) {
      const worker = await run(program, env)
      expect(await post(worker.url, finished())).toBe(204)
      await worker.stop('SIGKILL')
    }
    expect(uuidsIn(env.EVENTS_DIR)).toHaveLength(3)
  })

  const elsewhere = findElsewhere()
  describe.runIf(elsewhere)('in another container', () => {
    const command = elsewhere?.() ?? ['true']

    it('ends with 1 while the first one lives', async () => {
      const env = { EVENTS_DIR: newFolder(), WORKER_NAME: 'same' }
      const first = await run(program, env)
      const second = runBy(command, env)
      expect(await second.ended).toBe(1)
      expect(second.said()).toContain('same.lock')
      expect(await post(first.url, finished())).toBe(204)
      await first.stop()
    })

    it('takes the name over once the first one is dead, and never two have it', async () => {
      const env = { EVENTS_DIR: newFolder(), WORKER_NAME: 'same' }
      const first = runBy(command, env)
      await eventually(() => expect(first.said()).toContain('listening'))
      await first.kill()
      const rest = [0, 1, 2].map(() => runBy(command, env))
      await eventually(() => {
        expect(rest.filter(({ said }) => said().includes('listening'))).toHaveLength(1)
        expect(rest.filter(({ said }) => said().includes('same.lock'))).toHaveLength(2)
      })
    })
  })

  it('has the name if the first one was frozen for long, which then stores nothing more', async () => {
    const folder = newFolder()
    const env = { EVENTS_DIR: folder, WORKER_NAME: 'same' }
    const first = await run(program, env)
    first.child.kill('SIGSTOP')
    // A machine that can't look the PID up takes over when the lease has run out. Its lock:
    const lock = path.join(folder, 'same.lock')
    const other = { ...JSON.parse(readFileSync(lock, 'utf8')), place: 'elsewhere', lock: 'other' }
    rmSync(lock)
    writeFileSync(lock, `${JSON.stringify(other)}\n`)
    // Nobody takes a name over before the lease has run out; after half of it the holder looks again.
    const looksAgainMs = usualLease.ms / 2
    await eventually(() =>
      expect(Date.now() - statSync(lock).mtimeMs).toBeGreaterThan(looksAgainMs),
    )
    first.child.kill('SIGCONT')
    expect(await post(first.url, finished())).toBe(503)
    expect(uuidsIn(folder)).toEqual([])
    expect((await fetch(`${first.url}/readyz`)).status).toBe(503)
    // Once the other one is dead, it has its name again.
    await eventually(async () => expect(await post(first.url, finished())).toBe(204))
    expect(uuidsIn(folder)).toHaveLength(1)
    await first.stop()
  })
})

describe('a folder that cannot be used', () => {
  const mounted = findMounter()
  const fails = async (folder: string, command: readonly string[] = []) => {
    const worker = runBy(command, { EVENTS_DIR: folder, WORKER_NAME: 'one' })
    expect(await worker.ended).toBe(1)
    return worker.said().trimEnd()
  }

  it('because it is a file, or below one, is named', async () => {
    const file = home.write('a-file', '')
    expect(await fails(file)).toBe(`Can't keep events in ${file}: it is not a folder.`)
    const below = path.join(file, 'below')
    expect(await fails(below)).toBe(`Can't keep events in ${below}: it is not a folder.`)
  })

  it.runIf(process.platform === 'linux')('because none can be made there is named', async () => {
    expect(await fails('/proc/events')).toMatch(/^Can't keep events in \/proc\/events: \w/)
  })

  it.runIf(process.getuid?.() === 0)('because it is another user’s is named', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    chmodSync(home.path, 0o755)
    chmodSync(path.dirname(program), 0o755)
    const said = await fails(folder, ['setpriv', '--reuid=65534', '--clear-groups'])
    expect(said).toBe(
      `Can't keep events in ${folder}: user 65534 may not write there; it belongs to user 0.`,
    )
  })

  it('because a file in it is a folder names that file', async () => {
    const folder = newFolder()
    const dayAfter = (days: number) =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
    for (const day of [dayAfter(0), dayAfter(1)]) {
      mkdirSync(path.join(folder, `${day}.one.ndjson`), { recursive: true })
    }
    expect(await fails(folder)).toMatch(/: \d{4}-\d\d-\d\d\.one\.ndjson is a folder\.$/)
  })

  it.runIf(process.getuid?.() === 0)('because a file in it can’t be read names it', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    chmodSync(folder, 0o777)
    writeFileSync(path.join(folder, '2026-11-20.two.ndjson'), '{}\n', { mode: 0o600 })
    chmodSync(home.path, 0o755)
    chmodSync(path.dirname(program), 0o755)
    const said = await fails(folder, ['setpriv', '--reuid=65534', '--clear-groups'])
    const reason = 'user 65534 may not open 2026-11-20.two.ndjson; it belongs to user 0'
    expect(said).toBe(`Can't keep events in ${folder}: ${reason}.`)
  })

  it.runIf(mounted)(
    'because it is read-only or full is named, and nothing is left in it',
    async () => {
      const folder = newFolder()
      mkdirSync(folder)
      const after = `ls -A ${folder}`
      const withMount = (before: string) => mounted?.({ before, after }, []) ?? []
      const readOnly = withMount(`mount -t tmpfs -o ro x ${folder}`)
      expect(await fails(folder, readOnly)).toBe(
        `Can't keep events in ${folder}: the file system is read-only.`,
      )
      const full = withMount(
        `mount -t tmpfs -o size=64k x ${folder}; head -c 99999 /dev/zero > ${folder}/filler || true`,
      )
      const said = await fails(folder, full)
      expect(said).toContain(`Can't keep events in ${folder}: the disk is full.`)
      expect(said).not.toMatch(/\.lock|\.tmp/)
    },
  )

  it.runIf(mounted)(
    'once the disk is full answers 503, and goes on when there is room',
    async () => {
      const folder = newFolder()
      mkdirSync(folder)
      const filler = path.join(folder, 'filler')
      const before = `mount -t tmpfs -o size=3m x ${folder}; head -c 1500000 /dev/zero > ${filler}`
      const worker = runBy(mounted?.({ before }, []) ?? [], { EVENTS_DIR: folder })
      const url = await eventually(() => {
        const port = /"port":(\d+)/.exec(worker.said())?.[1]
        if (port === undefined) throw new Error(worker.said())
        return `http://127.0.0.1:${port}`
      })
      const stored: string[] = []
      for (;;) {
        const bytes = finished()
        const status = await post(url, bytes)
        if (status !== 204) {
          expect(status).toBe(503)
          break
        }
        stored.push(uuidOf(bytes))
      }
      expect(stored.length).toBeGreaterThan(100)
      expect((await fetch(`${url}/readyz`)).status).toBe(503)
      const [last] = worker.said().trimEnd().split('\n').slice(-1)
      expect(last).toContain('"trouble":"file: the disk is full"')
      rmSync(path.join(`/proc/${worker.pid}/root`, filler))
      const next = finished()
      await eventually(async () => expect(await post(url, next)).toBe(204))
      const there = uuidsIn(path.join(`/proc/${worker.pid}/root`, folder))
      expect(there).toEqual([...stored, uuidOf(next)])
    },
  )
})
