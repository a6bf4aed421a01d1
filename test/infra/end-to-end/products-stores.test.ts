import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { openClickHouse } from '../../../infra/report/src/clickhouse/source.ts'
import { createTable } from '../../../infra/report/src/clickhouse/table.ts'
import { always } from '../../../infra/report/src/days.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
// First, so that servers end before their folders are removed.
import { hasNats, startNats } from '../buffer/support/nats.ts'
import { deadLetters } from '../buffer/support/dead-letters.ts'
import { figuresOf, fleetOf, isReady, untilReady } from '../buffer/support/workers.ts'
import { openEngine } from '../worker/clickhouse/chdb.ts'
import { resets, startClickHouse } from '../worker/clickhouse/server.ts'
import { finished, uuidOf } from '../worker/support/events.ts'
import { startPostHog } from '../worker/support/posthog.ts'
import { run } from '../worker/support/process.ts'
import { key, later } from '../worker/support/stage.ts'
import { buildWorker } from './receiver.ts'
import { real, roarModule } from './roar.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const engine = openEngine()
afterAll(() => engine?.close())

/** A fresh one: GA4 takes none of long ago. */
const roarEvent = () => ({
  ...real,
  event_id: randomUUID(),
  install_id: randomUUID(),
  trigger_ts: `${new Date().toISOString().slice(0, 19)}Z`,
})

async function post(url: string, where: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json', 'x-telemetry-key': key }
  return (await fetch(`${url}${where}`, { method: 'POST', headers, body })).status
}
const postRoar = (url: string, event: object) =>
  post(url, '/api/v1/telemetry/roar', JSON.stringify(event))
const postOwn = (url: string, event: string) => post(url, '/v1/t', event)

/** The ids in the segments of a folder, without those of folders in it. */
function idsIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^\d{4}-.*\.ndjson$/.test(entry.name))
    .flatMap(({ name }) => readFileSync(path.join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map(uuidOf)
}

describe.skipIf(!hasNats)('several products behind the buffer', () => {
  it('come out of it as they went in, each into its own place', async () => {
    const nats = await startNats()
    const home = tempHome()
    const fleet = fleetOf(program, nats.url, { url: 'http://127.0.0.1:1' })
    const disk = { POSTHOG_API_KEY: '', EVENTS_DIR: home.at('events'), WORKER_NAME: 'w' }
    const deliver = await fleet.deliver({ ...disk, PRODUCTS: roarModule })
    const ingest = await fleet.ingest({ PRODUCTS: roarModule })
    await untilReady(ingest, deliver)
    const [first, second, third] = [roarEvent(), roarEvent(), roarEvent()]
    const own = finished()
    expect(await postRoar(ingest.url, first)).toBe(204)
    expect(await postOwn(ingest.url, own)).toBe(204)
    const roars = home.at('events/roar')
    await eventually(() => expect(idsIn(roars)).toEqual([first.event_id]))
    await eventually(() => expect(idsIn(home.at('events'))).toEqual([uuidOf(own)]))

    // A delivering worker that doesn't know the product keeps its events for one that does.
    await deliver.stop()
    const unknowing = await fleet.deliver(disk)
    await untilReady(unknowing)
    expect(await postRoar(ingest.url, second)).toBe(204)
    await eventually(async () =>
      expect(await figuresOf(unknowing)).toMatchObject({
        'buffer_dead_letters{sink="file"}': 1,
        buffer_events: 0,
      }),
    )
    const { lines } = await deadLetters(program, nats.url, 'list')
    expect(lines).toMatchObject([{ product: 'roar', reason: 'product' }])
    await unknowing.stop()
    const again = await fleet.deliver({ ...disk, PRODUCTS: roarModule })
    await untilReady(again)
    expect(await deadLetters(program, nats.url, 'replay')).toMatchObject({ code: 0 })
    expect(await postRoar(ingest.url, third)).toBe(204)
    const all = [first, second, third].map((event) => event.event_id).toSorted()
    await eventually(() => expect([...idsIn(roars)].toSorted()).toEqual(all))
    expect(idsIn(home.at('events'))).toEqual([uuidOf(own)])
  })
})

describe.skipIf(engine === undefined)('several products in ClickHouse', () => {
  const query = (sql: string) => engine?.query(sql).trim() ?? ''
  const idsOf = (table: string) => query(`SELECT id FROM ${table} FINAL FORMAT TSV`)
  const startEngine = () =>
    startClickHouse((sql, headers) => engine?.answer(sql, headers) ?? resets)
  const database = (url: string) => ({
    CLICKHOUSE_URL: url,
    CLICKHOUSE_DATABASE: 'telemetry',
    PRODUCTS: roarModule,
  })
  beforeEach(() => engine?.reset())

  it('have a table each, which a report reads and an erasure reaches', async () => {
    const { url } = await startEngine()
    const home = tempHome()
    const env = { ...database(url), EVENTS_DIR: home.at('events') }
    const worker = await run(program, env)
    const [event, gone] = [roarEvent(), roarEvent()]
    const own = finished()
    for (const one of [event, gone]) expect(await postRoar(worker.url, one)).toBe(204)
    expect(await postOwn(worker.url, own)).toBe(204)
    expect(idsOf('telemetry_facts')).toBe(uuidOf(own))
    const counts = query(`SELECT counts FROM telemetry_facts_roar WHERE id = '${event.event_id}'`)
    for (const count of ['subcommand run 2', 'engine ebpf 2', 'capability proxy 1']) {
      expect(counts).toContain(count)
    }
    const from = `clickhouse://${new URL(url).host}/telemetry?product=roar`
    const report = openClickHouse(from, { user: undefined, password: undefined }, always)
    expect(await report.coverage()).toMatchObject({ events: 2, repeated: 0 })
    const erase = { event_label: 'telemetry.erase', uuid: randomUUID(), cid: gone.install_id }
    expect(await postOwn(worker.url, JSON.stringify(erase))).toBe(204)
    await worker.stop()
    await run(program, env)
    await eventually(() => expect(idsOf('telemetry_facts_roar')).toBe(event.event_id))
  })

  it('are not ready while the table of one is another', async () => {
    const { url } = await startEngine()
    query(createTable({ table: 'telemetry_facts_roar', engine: 'MergeTree' }))
    const worker = await run(program, database(url))
    expect(await isReady(worker)).toContain('telemetry_facts_roar has another engine')
    expect(await postRoar(worker.url, roarEvent())).toBe(503)
  })

  it.skipIf(!hasNats)('get there through the buffer, beside PostHog and not to GA4', async () => {
    const posthog = await startPostHog()
    later(() => posthog.stop())
    const nats = await startNats()
    const { url } = await startEngine()
    const fleet = fleetOf(program, nats.url, posthog)
    const deliver = await fleet.deliver({
      ...database(url),
      // Nothing listens there: what went to GA4 would wait.
      GA_ENDPOINT: 'http://127.0.0.1:1/mp/collect',
      GA_MEASUREMENT_ID: 'G-TEST',
      GA_API_SECRET: 'test',
    })
    const ingest = await fleet.ingest({ PRODUCTS: roarModule })
    await untilReady(ingest, deliver)
    const event = roarEvent()
    expect(await postRoar(ingest.url, event)).toBe(204)
    await eventually(async () =>
      expect(await figuresOf(deliver)).toMatchObject({
        'delivered_total{sink="posthog"}': 1,
        'delivered_total{sink="clickhouse"}': 1,
        'delivered_total{sink="ga4"}': 1,
        buffer_events: 0,
      }),
    )
    expect(idsOf('telemetry_facts_roar')).toBe(event.event_id)
    expect(posthog.stored).toMatchObject([
      { uuid: event.event_id, properties: { product: 'roar' } },
    ])
  })
})
