import { randomUUID } from 'node:crypto'
import http from 'node:http'

import { describe, expect, it } from 'vitest'

import { readSettings } from '../../../infra/worker/src/settings.ts'
import {
  openPostHogErasure,
  postHogErasureOf,
} from '../../../infra/worker/src/sinks/posthog-erasure.ts'
import type { Tombstones } from '../../../infra/worker/src/sinks/tombstones.ts'
import { listen } from '../../support/collector.ts'
import { tempHome } from '../../support/home.ts'
import { later } from './support/stage.ts'

const home = tempHome()
let folders = 0

/** PostHog's private API and its capture, as far as erasing needs them. */
async function startPostHog() {
  const persons = new Set<string>()
  const deleted: string[] = []
  /** Ids that it takes neither here nor there. */
  const refused = new Set<string>()
  const state = { captureStatus: 200, apiStatus: 202, errors: [] as readonly object[] }
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Asked
      const ids = body.distinct_ids ?? body.batch.map(({ distinct_id: id }) => id)
      if (ids.some((id) => refused.has(id))) return void response.writeHead(400).end('{}')
      if (request.url === '/batch/') {
        if (state.captureStatus === 200) {
          for (const { distinct_id: id } of body.batch) persons.add(id)
        }
        return void response.writeHead(state.captureStatus).end('{"status":1}')
      }
      const isAllowed = request.headers.authorization === 'Bearer phx_test'
      if (!isAllowed || request.url !== '/api/projects/7/persons/bulk_delete/') {
        return void response.writeHead(403).end('{}')
      }
      const found = ids.filter((id) => persons.has(id) && body.delete_events)
      const isDone = state.errors.length === 0 && state.apiStatus === 202
      if (isDone) for (const id of found) if (persons.delete(id)) deleted.push(id)
      const said = {
        persons_found: found.length,
        persons_deleted: 0,
        events_queued_for_deletion: isDone && found.length > 0,
        deletion_errors: state.errors,
      }
      response.writeHead(state.apiStatus).end(JSON.stringify(said))
    })
  })
  const port = await listen(server)
  later(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${port}`, persons, deleted, refused, state }
}

interface Asked {
  readonly batch: readonly { readonly distinct_id: string }[]
  readonly distinct_ids?: readonly string[]
  readonly delete_events: boolean
}

async function open(clients: ReadonlySet<string>) {
  folders += 1
  const folder = home.at(`events-${folders}`)
  const posthog = await startPostHog()
  const notes: string[] = []
  const start = () =>
    openPostHogErasure({
      posthog: { kind: 'posthog', apiKey: 'phc_test', host: posthog.url },
      erasure: { personalKey: 'phx_test', project: '7', host: posthog.url },
      folder,
      clients: () => Promise.resolve(clients),
      note: (message) => void notes.push(message),
    })
  const erasure = start()
  const done = (): readonly string[] =>
    home.has(`${folder}/posthog-erased.ndjson`)
      ? [...home.read(`${folder}/posthog-erased.ndjson`).matchAll(/"id":"([^"]+)"/g)].map(
          ([, id = '']) => id,
        )
      : []
  return { ...posthog, notes, erasure, start, done, folder }
}

describe('erased clients', () => {
  it('are deleted from PostHog in the second round, once, and are on record then', async () => {
    const clients = new Set([randomUUID(), randomUUID()])
    const { erasure, start, deleted, done, notes } = await open(clients)
    await erasure.act()
    expect([deleted, done()]).toEqual([[], []])
    await erasure.act()
    expect(deleted.toSorted()).toEqual([...clients].toSorted())
    expect(done().toSorted()).toEqual([...clients].toSorted())
    await erasure.act()
    await erasure.close()
    // A restart knows who is deleted.
    const again = start()
    await again.act()
    await again.act()
    await again.close()
    expect(deleted).toHaveLength(2)
    const one = randomUUID()
    clients.add(one)
    const next = start()
    await next.act()
    await next.act()
    await next.close()
    expect(deleted.at(-1)).toBe(one)
    for (const id of clients) expect(notes.join()).not.toContain(id)
  })

  it.each([
    ['it fails', { apiStatus: 500 }],
    ['it refuses the key', { apiStatus: 403 }],
    ['it names errors', { errors: [{ step: 'delete' }] }],
    ['it takes no events', { captureStatus: 503 }],
  ])('stay on the list while PostHog proves nothing: %s', async (_, fault) => {
    const id = randomUUID()
    const { erasure, state, deleted, done, notes } = await open(new Set([id]))
    Object.assign(state, fault)
    await erasure.act()
    await erasure.act()
    expect([deleted, done()]).toEqual([[], []])
    expect(notes).not.toEqual([])
    Object.assign(state, { captureStatus: 200, apiStatus: 202, errors: [] })
    await erasure.act()
    await erasure.act()
    await erasure.close()
    expect([deleted, done()]).toEqual([[id], [id]])
  })

  it.each([1, 100, 250])('are deleted beside %i whom PostHog refuses', async (count) => {
    const stubborn = Array.from({ length: count }, () => randomUUID())
    const clients = [randomUUID(), randomUUID()]
    const { erasure, refused, done } = await open(new Set([...stubborn, ...clients]))
    for (const id of stubborn) refused.add(id)
    const rounds = 2 * Math.ceil((count + 2) / 100)
    for (let round = 0; round < rounds; round += 1) await erasure.act()
    await erasure.close()
    expect(done().toSorted()).toEqual(clients.toSorted())
  })

  it('are on record after half a line that a full disk left, too', async () => {
    const client = randomUUID()
    const { erasure, folder } = await open(new Set([client]))
    home.write(`${folder}/posthog-erased.ndjson`, '{"id":"abc')
    await erasure.act()
    await erasure.act()
    await erasure.close()
    expect(home.read(`${folder}/posthog-erased.ndjson`)).toMatch(
      new RegExp(`^\\{"id":"abc\\n\\{"id":"${client}","day":"[\\d-]{10}"\\}\\n$`),
    )
  })

  it('are not made again by another worker of the folder', async () => {
    const clients = new Set(Array.from({ length: 5 }, () => randomUUID()))
    const { erasure, start, persons, deleted, done, notes } = await open(clients)
    const other = start()
    await erasure.act()
    await Promise.all([erasure.act(), other.act()])
    await Promise.all([erasure.act(), other.act()])
    await Promise.all([erasure.close(), other.close()])
    expect([...persons]).toEqual([])
    expect(deleted.toSorted()).toEqual([...clients].toSorted())
    expect(done().toSorted()).toEqual([...clients].toSorted())
    expect(notes.join()).not.toContain('failed')
  })

  it('are nowhere on record without EVENTS_DIR, and a worker that delivers says so', () => {
    const said: string[] = []
    const env = { POSTHOG_API_KEY: 'k', BUFFER_URL: 'nats://127.0.0.1:1', INGESTION_KEY: 'k' }
    for (const ROLE of ['ingest', 'deliver']) {
      const stones = {} as Tombstones
      const note = (message: string) => said.push(`${ROLE}: ${message}`)
      expect(postHogErasureOf(readSettings({ ...env, ROLE }), stones, note)).toBeUndefined()
    }
    expect(said).toEqual([expect.stringMatching(/^deliver: .*EVENTS_DIR/)])
  })

  it('stay on the list if PostHog finds nobody', async () => {
    const { erasure, persons, done } = await open(new Set([randomUUID()]))
    await erasure.act()
    persons.clear()
    await erasure.act()
    await erasure.close()
    expect(done()).toEqual([])
  })
})
