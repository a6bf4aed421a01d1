import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { jetstream } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import { tableName } from '../../infra/report/src/clickhouse/table.ts'
import { openDatabase } from '../../infra/report/src/duckdb/database.ts'
import { eventually } from '../support/eventually.ts'
import { type Home, tempHome } from '../support/home.ts'
import { cli, root, run as runProgram } from '../support/run.ts'
import { areTombstones, bytesIn } from './buffer/support/bytes.ts'
import { postTo } from './buffer/support/load.ts'
import { hasNats, startNats } from './buffer/support/nats.ts'
import { untilReady } from './buffer/support/workers.ts'
import { startErasablePostHog } from './posthog-with-persons.ts'
import { openStage, sendAll } from './udp-forwarder/stage.ts'
import { openEngine } from './worker/clickhouse/chdb.ts'
import { resets, startClickHouse } from './worker/clickhouse/server.ts'
import { finished, install, started, usage, uuidOf } from './worker/support/events.ts'
import { buildWorker, run, type Running } from './worker/support/process.ts'

vi.setConfig({ testTimeout: 180_000 })

const report = path.join(root, 'infra/report/bin/runmat-telemetry-report.js')
const udp = openStage()
const engine = hasNats ? openEngine() : undefined
let program = ''
beforeAll(() => {
  program = buildWorker()
  execFileSync(process.execPath, [path.join(root, 'infra/report/build.js')])
})
afterAll(() => engine?.close())

interface Client {
  readonly id: string
  /** The events of it that the stores must have, or must not. */
  readonly events: string[]
}

function newClient(): Client {
  return { id: randomUUID(), events: [] }
}

/** Events of every family, of which the last two travel by UDP. */
function eventsOf({ id, events }: Client): readonly [readonly string[], readonly string[]] {
  const [cid, session_id] = [id, randomUUID()]
  const posted = [install({ cid }), started({ cid, session_id }), usage({ install_id: id })]
  const sent = [finished({ cid, session_id }), install({ cid, event_label: 'install_complete' })]
  events.push(...[...posted, ...sent].map(uuidOf))
  return [posted, sent]
}

/** Workers that are killed and come back at the same address, one after the other. */
async function startWorkers(envs: readonly Readonly<Record<string, string>>[]) {
  const workers: Running[] = []
  const ports: number[] = []
  const logs: string[] = []
  for (const env of envs) {
    const worker = await run(program, env)
    workers.push(worker)
    ports.push(worker.port)
  }
  const again = async (at: number, signal: NodeJS.Signals, between?: () => void) => {
    await workers[at]?.stop(signal)
    logs.push(workers[at]?.said() ?? '')
    between?.()
    workers[at] = await run(program, { ...envs[at], PORT: String(ports[at]) })
    expect(workers[at]?.port).toBe(ports[at])
  }
  await untilReady(...workers)
  return {
    url: workers[0]?.url ?? '',
    again,
    ready: () => untilReady(...workers),
    said: () => [...logs, ...workers.map((worker) => worker.said())].join('\n'),
    /** Kills one worker after the other with -9, each once at least, until the work is done. */
    during: async (work: Promise<unknown>, progress: () => number): Promise<number> => {
      let isOver = false
      const ends = work.finally(() => {
        isOver = true
      })
      let kills = 0
      const isGoing = (): boolean => !isOver
      for (; isGoing() || kills < workers.length; kills += 1) {
        const before = progress()
        await eventually(() => expect(isOver || progress() > before + 5).toBe(true))
        await again(kills % workers.length, 'SIGKILL')
      }
      await ends
      await untilReady(...workers)
      return kills
    },
  }
}

const dayBefore = (days: number): string =>
  new Date(Date.now() - days * 24 * 60 * 60 * 1000).toISOString().slice(0, 10)

/** Midnight, several times: only a day that is over may be rewritten. */
function closeDay(folder: string, days: number): void {
  for (const name of readdirSync(folder)) {
    const rest = /^\d{4}-\d{2}-\d{2}(\..*\.ndjson)$/.exec(name)?.[1]
    if (rest === undefined || name.startsWith(dayBefore(1))) continue
    renameSync(path.join(folder, name), path.join(folder, `${dayBefore(days)}${rest}`))
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
}

/** Every value of every Parquet file, which are compressed on the disk. */
async function parquetIn(folder: string): Promise<string> {
  const database = await openDatabase({ memory: '300MB', threads: 1, temporary: os.tmpdir() })
  const rows = await database.rows(
    `SELECT to_json(facts)::VARCHAR AS line FROM read_parquet('${folder}/*.parquet') AS facts`,
  )
  database.close()
  return rows.map(({ line }) => String(line)).join('\n')
}

describe.skipIf(!hasNats)('ten of fifty clients that have everything erased', () => {
  it('leave no byte in any store, and all others are there, through a kill -9 drill', async () => {
    const place = tempHome()
    const [days, list, site] = [place.at('days'), place.at('list'), place.at('site')]
    const nats = await startNats()
    const posthog = await startErasablePostHog()
    const clickhouse =
      engine && (await startClickHouse((sql, headers) => engine.answer(sql, headers) ?? resets))
    engine?.reset()
    const buffer = {
      BUFFER_URL: nats.url,
      BUFFER_MAX_BYTES: String(64 * 1024 * 1024),
      BUFFER_ACK_WAIT_SECONDS: '2',
      INGESTION_KEY: '',
    }
    const deliver = { ...buffer, ROLE: 'deliver' }
    const workers = await startWorkers(
      [
        { ...deliver, EVENTS_DIR: days, WORKER_NAME: 'one' },
        {
          ...deliver,
          EVENTS_DIR: list,
          ...posthog.env,
          ...(clickhouse && { CLICKHOUSE_URL: clickhouse.url }),
        },
        { ...buffer, ROLE: 'ingest', INGESTION_KEY: 'key-of-the-tests' },
      ].toReversed(),
    )
    const forwarder = await udp.forwarder(`${workers.url}/v1/t`)

    let done = 0
    const post = async (bytes: string): Promise<void> => {
      await eventually(async () => expect((await postTo(workers.url, bytes)).status).toBe(204))
      done += 1
    }
    let datagrams = 0
    const send = async (client: Client): Promise<void> => {
      const [posted, sent] = eventsOf(client)
      await sendAll(forwarder.port, sent)
      datagrams += sent.length
      for (const bytes of posted) await post(bytes)
    }
    const forwarded = () =>
      forwarder.until((seen) => (seen['events_forwarded_total'] ?? 0) >= datagrams)

    const all = Array.from({ length: 50 }, newClient)
    const [gone, kept] = [all.slice(0, 10), all.slice(10)]
    let kills = await workers.during(Promise.all(all.map(send)).then(forwarded), () => done)
    const manager = await nats.manager()
    let waiting = 0
    const drained = async () =>
      await eventually(async () => {
        const { state } = await manager.streams.info('telemetry')
        expect(state.messages).toBe(waiting)
      })
    await drained()
    // From now on one event waits for a sink that is away, so the stream is never empty again.
    await manager.consumers.add('telemetry', {
      durable_name: 'away',
      ack_policy: 'explicit',
      filter_subject: 'telemetry.again.away',
    })
    const connection = await nats.connection()
    const wait = async () => await connection.request('telemetry.again.away', finished())
    await wait()
    waiting = 1

    // Yesterday becomes Parquet, and the public report counts all fifty.
    const ask = async (...words: readonly string[]) =>
      await runProgram(process.execPath, [report, ...words], place)
    const clientsInPublic = async (): Promise<number> => {
      const { code, err } = await ask('--from', days, '--public', site, '--until', dayBefore(0))
      expect({ code, err }).toEqual({ code: 0, err: '' })
      const { questions } = JSON.parse(readFileSync(path.join(site, '30.json'), 'utf8'))
      return questions.versions.rows[0].clients
    }
    await workers.again(2, 'SIGTERM', () => closeDay(days, 1))
    expect(await clientsInPublic()).toBe(50)
    expect(readdirSync(days)).toContain(`${dayBefore(1)}.parquet`)

    // Ten leave, while all others go on and every worker is killed.
    const homes = await Promise.all(gone.map((client) => machineOf(client, workers.url, post)))
    const earlier = homes.flatMap(({ earlier: events }) => events)
    const late = gone.map(newRefused)
    posthog.refuse(new Set(late.flatMap(({ events }) => events)))
    const leave = async ({ home }: Machine, at: number): Promise<void> => {
      const client = gone[at] as Client
      for (const bytes of late[at]?.bytes ?? []) await post(bytes)
      await send(client)
      await eventually(async () => {
        const { code, err } = await cli(home, ['forget', '--yes'])
        if (code !== 0) throw new Error(err)
      })
      done += 10
      expect(home.has(home.clientId) || home.has(home.state)).toBe(false)
      // What a frozen uploader or a forwarder sends later comes too late.
      await send(client)
    }
    const stay = Promise.all(kept.map(send))
    kills += await workers.during(
      Promise.all([stay, ...homes.map(leave)]).then(forwarded),
      () => done,
    )
    await drained()
    console.log(`${done} events by HTTP, ${datagrams} by UDP, ${kills} kills`)

    // Each store does its part: ClickHouse and PostHog when their worker starts, files by the report.
    await workers.again(2, 'SIGTERM', () => closeDay(days, 2))
    await workers.again(1, 'SIGTERM')
    const deleted = () => readFileSync(path.join(list, 'posthog-erased.ndjson'), 'utf8')
    await eventually(() => {
      const left = gone.filter(({ id }) => !posthog.persons.has(id) && !deleted().includes(id))
      expect(left).toEqual([])
    })
    await workers.again(1, 'SIGTERM')
    await eventually(() => {
      expect(gone.filter(({ id }) => !deleted().includes(id))).toEqual([])
    })
    const erased = await ask('erase', '--from', days)
    expect(erased).toMatchObject({ code: 0, err: '' })
    expect((await ask('erase', '--from', days, '--pending')).code).toBe(0)
    const uuids = [...gone, ...late].flatMap(({ events }) => events)
    for (const id of [gone[0]?.id ?? '', earlier[0] ?? '']) {
      expect(await ask('erase', '--from', days, '--prove', id)).toMatchObject({ code: 0 })
    }
    if (clickhouse !== undefined) {
      const at = clickhouse.url.replace('http:', 'clickhouse:')
      const prove = async (id = '') => (await ask('erase', '--from', at, '--prove', id)).code
      const [someone] = kept
      expect(await prove(gone[0]?.id)).toBe(0)
      expect(await Promise.all([someone?.id, someone?.events[0]].map(prove))).toEqual([1, 1])
    }
    // PostHog has no way to delete a single event: an operator deletes it, and says so.
    const left = await ask('erase', '--from', list, '--pending')
    expect(left.code).toBe(1)
    const told = [...left.out.matchAll(/^PostHog: (?:client|event) ([\w-]+)/gm)]
    expect(told.map(([, id = '']) => id).toSorted()).toEqual(earlier.toSorted())
    posthog.remove(earlier)
    await ask('erase', '--from', list, ...earlier.flatMap((id) => ['--done', id]))
    expect((await ask('erase', '--from', list, '--pending')).code).toBe(0)
    expect(await clientsInPublic()).toBe(40)
    // Only erased clients had dead letters.
    const dead = async () => (await manager.streams.info('telemetry-dead')).state.messages
    await eventually(async () => expect(await dead()).toBe(0))

    // What a worker that did not know it yet has put into the buffer is dropped behind it.
    const last = finished({ cid: gone[0]?.id })
    await connection.request('telemetry.events', last)
    await drained()
    const names = [...gone.map(({ id }) => id), ...uuids, ...earlier, uuidOf(last)]
    const isNamed = (text: string) => names.some((name) => text.includes(name))
    const inBuffer = () =>
      bytesIn(nats.stores)
        .filter(([file, bytes]) => !areTombstones(file, bytes) && isNamed(bytes))
        .map(([file]) => file)
    await workers.again(1, 'SIGTERM')
    const takeOne = await jetstream(connection).consumers.get('telemetry', 'away')
    await eventually(async () => {
      // The next one waits before this one is taken.
      await wait()
      await (await takeOne.next({ expires: 5000 }))?.ackAck()
      expect(inBuffer()).toEqual([])
    })
    await drained()

    // No byte of them, but in the tombstones, which have to name whom they keep away.
    const isTombstone = (file: string) => file.endsWith('erased.ndjson')
    const stores: (readonly [string, string])[] = bytesIn([days, list, site]).filter(
      ([file]) => !isTombstone(file),
    )
    const parquet = await parquetIn(days)
    expect(kept.filter(({ id }) => parquet.includes(id))).toHaveLength(40)
    stores.push(['parquet', parquet], ['log', workers.said()])
    stores.push(['posthog', JSON.stringify(posthog.stored)])
    const rows = engine?.query(`SELECT * FROM ${tableName} FINAL FORMAT JSONEachRow`) ?? ''
    stores.push(['clickhouse', rows])
    for (const [store, text] of stores) {
      const found = names.filter((name) => text.includes(name))
      expect({ store, found }).toEqual({ store, found: [] })
    }

    // All others, once.
    const expected = kept.flatMap(({ events }) => events).toSorted()
    const lines = filesIn(days)
      .filter((file) => file.endsWith('.ndjson') && !isTombstone(file))
      .flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
    expect(lines.map(uuidOf).toSorted()).toEqual(expected)
    const there = new Set(posthog.stored.map(({ uuid }) => uuid))
    expect([...there].toSorted()).toEqual(expected)
    if (engine !== undefined) {
      const ids = [...rows.matchAll(/"id":"([^"]+)"/g)].map(([, id = '']) => id)
      expect(ids.toSorted()).toEqual(expected)
    }
  })
})

interface Machine {
  readonly home: Home
  /** What it sent under an id that it had before. */
  readonly earlier: readonly string[]
}

/** A machine with the real CLI, which has sent an event of its own, and one under an earlier id. */
async function machineOf(
  client: Client,
  url: string,
  post: (bytes: string) => Promise<void>,
): Promise<Machine> {
  const home = tempHome()
  home.write(home.clientId, `${client.id}\n`)
  home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${url}/v1/t"\n`)
  const old = finished({ cid: randomUUID() })
  await post(old)
  const line = {
    sent_at: new Date().toISOString(),
    endpoint: `${url}/v1/t`,
    event: JSON.parse(old),
  }
  home.write(path.join(home.state, 'sent.ndjson'), `${JSON.stringify(line)}\n`)
  const input = '{"subcommand":"run","outcome":"success","version":"0.6.1"}'
  const recorded = await cli(home, ['record', 'usage', '--notice-shown'], { input })
  expect(recorded).toMatchObject({ code: 0, err: '' })
  await eventually(async () => expect((await cli(home, ['upload'])).code).toBe(0))
  const ledger = home.read(path.join(home.state, 'sent.ndjson')).split('\n').filter(Boolean)
  const sent = ledger.map((one) => uuidOf(JSON.stringify(JSON.parse(one).event)))
  client.events.push(...sent.filter((uuid) => uuid !== uuidOf(old)))
  return { home, earlier: [uuidOf(old)] }
}

/** An event that PostHog refuses, so that it becomes a dead letter. */
function newRefused({ id }: Client) {
  const bytes = [finished({ cid: id })]
  return { bytes, events: bytes.map(uuidOf) }
}
