import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { openWorker } from '../../../infra/worker/src/open-worker.ts'
import { readSettings } from '../../../infra/worker/src/settings.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { finished, install, usage, uuidOf } from './support/events.ts'
import { withFault } from './support/faults.ts'
import { startPostHog } from './support/posthog.ts'
import { ndjson, requestOf, type RequestOptions, saidIn } from './support/requests.ts'
import { key, later, openLogged } from './support/stage.ts'

const home = tempHome()
let folders = 0

function newFolder(): string {
  folders += 1
  return home.at(`events-${folders}`)
}

async function open(folder: string, env: Readonly<Record<string, string>> = {}) {
  const logged = openLogged()
  const worker = await openWorker(
    readSettings({ INGESTION_KEY: key, EVENTS_DIR: folder, WORKER_NAME: 'one', ...env }),
    logged,
  )
  const handle = fetchHandlerOf(worker)
  const send = async (body: string, options?: RequestOptions) =>
    await saidIn(await handle(requestOf(body, options)))
  const status = async (body: string, options?: RequestOptions) =>
    (await send(body, options)).status
  const figure = async (name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await worker.figures())?.[1])
  return { worker, send, status, figure, logged }
}

function erase(fields: object): string {
  return JSON.stringify({ event_label: 'telemetry.erase', uuid: randomUUID(), ...fields })
}

const stonesIn = (folder: string) =>
  home.read(path.join(folder, 'erased.ndjson')).split('\n').filter(Boolean)

describe('a request to erase', () => {
  it('leaves an id and a day, and nothing else', async () => {
    const folder = newFolder()
    const { status } = await open(folder)
    const [cid, one, two] = [randomUUID(), randomUUID(), randomUUID()]
    expect(await status(erase({ cid, os: 'linux', release: '0.6.1' }))).toBe(204)
    expect(await status(erase({ events: [one, two.toUpperCase()] }))).toBe(204)
    const day = new Date().toISOString().slice(0, 10)
    expect(stonesIn(folder)).toEqual([
      `{"id":"${cid}","day":"${day}"}`,
      `{"uuid":"${one}","day":"${day}"}`,
      `{"uuid":"${two}","day":"${day}"}`,
    ])
    expect(statSync(path.join(folder, 'erased.ndjson')).mode & 0o777).toBe(0o600)
  })

  it('drops what comes under that id or uuid from then on, with 204, and only that', async () => {
    const folder = newFolder()
    const { status, figure, worker } = await open(folder)
    const [cid, other] = [randomUUID(), randomUUID()]
    const [early, one, two] = [finished({ cid: other }), finished({ cid: other }), usage()]
    expect(await status(early)).toBe(204)
    expect(await status(erase({ cid }))).toBe(204)
    expect(await status(erase({ events: [uuidOf(one), uuidOf(two)] }))).toBe(204)
    const theirs = [finished({ cid }), install({ cid }), usage({ install_id: cid }), one, two]
    for (const bytes of theirs) expect(await status(bytes)).toBe(204)
    const kept = finished({ cid: other })
    expect(await status([...theirs, kept].join('\n'), { type: ndjson })).toBe(204)
    expect(await figure('telemetry_events_erased_total')).toBe(10)
    await worker.close()
    const day = new Date().toISOString().slice(0, 10)
    expect(home.read(path.join(folder, `${day}.one.ndjson`))).toBe(`${early}\n${kept}\n`)
  })

  it('holds after a restart, for other workers on the folder, and for every spelling', async () => {
    const folder = newFolder()
    const first = await open(folder)
    const second = await open(folder, { WORKER_NAME: 'two' })
    const old = '1767139200-28913'
    const cid = randomUUID()
    expect(await second.status(finished({ cid }))).toBe(204)
    expect(await first.status(erase({ cid: cid.toUpperCase() }))).toBe(204)
    expect(await first.status(erase({ cid: old }))).toBe(204)
    await first.worker.close()
    const third = await open(folder)
    for (const { status, figure } of [second, third]) {
      const theirs = { ...(JSON.parse(finished()) as object), uuid: randomUUID() }
      expect(await status(finished({ cid }))).toBe(204)
      expect(await status(JSON.stringify({ ...theirs, cid: old }))).toBe(204)
      expect(await status(JSON.stringify({ ...theirs, cid: undefined, distinctId: old }))).toBe(204)
      const report = JSON.parse(usage()) as object
      expect(await status(JSON.stringify({ ...report, install_id: old }))).toBe(204)
      expect(await figure('telemetry_events_erased_total')).toBe(4)
    }
  })

  it('knows an event by the id that it was sent with, of whatever version', async () => {
    const { status, figure } = await open(newFolder())
    const [one, two] = [
      'F47AC10B-58CC-11CF-A447-00805F9B34FB',
      '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    ]
    const run = JSON.stringify({ ...(JSON.parse(finished()) as object), uuid: one })
    const report = JSON.stringify({ ...(JSON.parse(usage()) as object), event_id: two })
    expect(await status(erase({ events: [one.toLowerCase(), two.toUpperCase()] }))).toBe(204)
    for (const bytes of [run, report, finished()]) expect(await status(bytes)).toBe(204)
    expect(await figure('telemetry_events_erased_total')).toBe(2)
  })

  it('needs a key, and a field that says what to erase', async () => {
    const folder = newFolder()
    const { send, status } = await open(folder)
    const cid = randomUUID()
    expect(await status(erase({ cid }), { key: null })).toBe(401)
    expect(await status(erase({ cid }), { key: 'wrong' })).toBe(401)
    expect(await status(erase({ cid }), { path: '/api/telemetry' })).toBe(401)
    const refused = [
      [{}, 'cid'],
      [{ cid: 7 }, 'cid'],
      [{ cid: '' }, 'cid'],
      [{ cid: '*' }, 'cid'],
      [{ cid: '00000000-0000-0000-0000-000000000000' }, 'cid'],
      [{ events: [] }, 'events'],
      [{ events: ['x'] }, 'events'],
      [{ events: Array.from({ length: 1001 }, () => randomUUID()) }, 'events'],
    ] as const
    for (const [fields, field] of refused) {
      expect(await send(erase(fields))).toMatchObject({ status: 400, body: { field } })
    }
    expect(existsSync(path.join(folder, 'erased.ndjson'))).toBe(false)
    for (const route of ['/ingest', '/v1/t', '/api/v1/telemetry/runmat']) {
      expect(await status(erase({ cid }), { path: route })).toBe(204)
    }
    expect(await status(`${erase({ cid })}\n${erase({ cid })}`, { type: ndjson })).toBe(204)
    expect(new Set(stonesIn(folder)).size).toBe(1)
  })

  it('is limited, for each network and for all', async () => {
    const { send, status } = await open(newFolder(), { TRUST_PROXY: '1' })
    const many = () => erase({ events: Array.from({ length: 1000 }, () => randomUUID()) })
    const from = (network: number) => ({ headers: { 'X-Forwarded-For': `198.51.${network}.1` } })
    const first = many()
    expect([await status(first, from(1)), await status(many(), from(1))]).toEqual([204, 204])
    const said = await send(many(), from(1))
    expect(said).toMatchObject({ status: 429, body: { reason: 'rate' } })
    expect(Number(said.headers.get('retry-after'))).toBeGreaterThan(0)
    // A client that starts again with its first request gets past what is known already.
    expect(await status(first, from(1))).toBe(204)
    for (let network = 2; network < 20; network += 1) {
      expect(await status(many(), from(network))).toBe(204)
    }
    expect(await status(many(), from(20))).toBe(429)
    // It stops nobody from sending events.
    expect(await status(finished(), from(1))).toBe(204)
  })

  it('gets no 204 where the tombstone cannot be kept', async () => {
    const posthog = await startPostHog()
    later(() => posthog.stop())
    const env = { POSTHOG_API_KEY: 'k', POSTHOG_HOST: posthog.url }
    const without = await open('', env)
    expect(await without.send(erase({ cid: randomUUID() }))).toMatchObject({
      status: 503,
      body: { reason: 'away' },
    })
    const folder = newFolder()
    const { status } = await open(folder, env)
    home.write(path.join(folder, 'erased.ndjson', 'x'), '')
    expect(await status(erase({ cid: randomUUID() }))).toBe(503)
  })

  it('keeps events from PostHog, too', async () => {
    const posthog = await startPostHog()
    later(() => posthog.stop())
    const { status, logged } = await open(newFolder(), {
      POSTHOG_API_KEY: 'k',
      POSTHOG_HOST: posthog.url,
    })
    const cid = randomUUID()
    expect(await status(erase({ cid }))).toBe(204)
    const kept = finished()
    expect(await status(`${finished({ cid })}\n${kept}`, { type: ndjson })).toBe(204)
    expect(posthog.stored.map(({ uuid }) => uuid)).toEqual([uuidOf(kept)])
    expect(logged.text()).not.toContain(cid)
  })

  it('has one file written again without them, and no event is lost beside it', async () => {
    const folder = newFolder()
    const file = path.join(folder, 'events.ndjson')
    const env = { EVENTS_FILE: file }
    const first = await open(folder, env)
    const [cid, other] = [randomUUID(), randomUUID()]
    const single = usage()
    const before = [finished({ cid: other }), usage({ install_id: other })]
    const theirs = [finished({ cid }), usage({ install_id: cid }), single]
    for (const bytes of [...theirs, ...before]) expect(await first.status(bytes)).toBe(204)
    expect(await first.status(erase({ cid }))).toBe(204)
    expect(await first.status(erase({ events: [uuidOf(single)] }))).toBe(204)
    await first.worker.close()
    home.write(file, `${home.read(file)}{"cid":"${cid}","half\n{"größe":1}\n`)
    home.write(`${file}.erasing`, `of a process that was killed: ${cid}`)

    const second = await open(folder, env)
    const beside = Array.from({ length: 200 }, () => finished({ cid: other }))
    await Promise.all(beside.map(async (bytes) => expect(await second.status(bytes)).toBe(204)))
    await eventually(() => expect(home.read(file)).not.toContain(cid))
    await second.worker.close()
    const lines = home.read(file).split('\n').slice(0, -1)
    expect(lines.toSorted()).toEqual([...before, '{"größe":1}', ...beside].toSorted())
    expect(existsSync(`${file}.erasing`)).toBe(false)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('survives half a line that another worker left', async () => {
    const folder = newFolder()
    const [one, two] = [randomUUID(), randomUUID()]
    const first = await open(folder)
    expect(await first.status(erase({ cid: one }))).toBe(204)
    appendFileSync(path.join(folder, 'erased.ndjson'), '{"id":"half')
    expect(await first.status(erase({ cid: two }))).toBe(204)
    await first.worker.close()
    const again = await open(folder)
    for (const cid of [one, two]) expect(await again.status(finished({ cid }))).toBe(204)
    expect(await again.figure('telemetry_events_erased_total')).toBe(2)
  })

  it('does not have all tombstones read with every event where a line is half', async () => {
    const folder = newFolder()
    const { worker, status } = await open(folder)
    expect(await status(erase({ cid: randomUUID() }))).toBe(204)
    appendFileSync(path.join(folder, 'erased.ndjson'), '{"id":"half')
    expect(await status(finished())).toBe(204)
    const again = () => status(finished())
    expect(await withFault('readFile', /erased\.ndjson$/, 'EIO', again)).toBe(204)
    await worker.close()
  })

  it('erases exactly the clients that asked, however events are mixed', async () => {
    const id = fc.integer({ min: 0, max: 5 })
    const step = fc.record({ asks: fc.boolean(), who: id, many: fc.integer({ min: 1, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const folder = newFolder()
        const { status, worker } = await open(folder)
        const ids = Array.from({ length: 6 }, () => randomUUID())
        const gone = new Set<number>()
        const expected: string[] = []
        for (const { asks, who, many } of steps) {
          if (asks) {
            expect(await status(erase({ cid: ids[who] }))).toBe(204)
            gone.add(who)
            continue
          }
          const events = Array.from({ length: many }, () => finished({ cid: ids[who] }))
          expect(await status(events.join('\n'), { type: ndjson })).toBe(204)
          if (!gone.has(who)) expected.push(...events)
        }
        await worker.close()
        const file = path.join(folder, `${new Date().toISOString().slice(0, 10)}.one.ndjson`)
        const there = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
        expect(there).toEqual(expected)
      }),
      { numRuns: 15 },
    )
  })
})
