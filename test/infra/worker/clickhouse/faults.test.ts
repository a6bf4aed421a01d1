import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'

import { describe, expect, it } from 'vitest'

import { tableName } from '../../../../infra/report/src/clickhouse/table.ts'
import { readEvent } from '../../../../infra/common/src/events/reader.ts'
import { openServer } from '../../../../infra/worker/src/http/server.ts'
import { openWorker } from '../../../../infra/worker/src/open-worker.ts'
import { openClickHouse } from '../../../../infra/worker/src/sinks/clickhouse/sink.ts'
import { readSettings } from '../../../../infra/worker/src/settings.ts'
import { eventually } from '../../../support/eventually.ts'
import { tempHome } from '../../../support/home.ts'
import { makeCertificates } from '../../../support/tls.ts'
import { finished, started, uuidOf } from '../support/events.ts'
import { requestOf } from '../support/requests.ts'
import { key, later, openLogged } from '../support/stage.ts'
import {
  type Answerer,
  described,
  hangs,
  resets,
  said,
  settingsFor,
  startClickHouse,
  treating,
  works,
} from './server.ts'

const fails =
  (code: number, name: string, status = 500): Answerer =>
  () => ({
    status,
    text: `Code: ${code}. DB::Exception: something with eac98648-3b42-41c7 in it. (${name})\n`,
  })

async function open(answerer: Answerer, env: Readonly<Record<string, string>> = {}) {
  const clickHouse = await startClickHouse(answerer)
  const logged = openLogged()
  const settings = readSettings({
    INGESTION_KEY: key,
    CLICKHOUSE_URL: clickHouse.url,
    PORT: '0',
    HOST: '127.0.0.1',
    ...env,
  })
  const worker = await openWorker(settings, logged)
  const server = await openServer(worker)
  later(() => server.close())
  const url = `http://127.0.0.1:${server.port}`
  return {
    clickHouse,
    logged,
    send: async (body = finished()) => await fetch(requestOf(body, {}, url)),
    ready: async () => await fetch(`${url}/readyz`),
    inserts: () => clickHouse.asked.filter((sql) => sql.startsWith('INSERT')),
  }
}

describe.concurrent('the worker, while ClickHouse', () => {
  it.each([
    ['has too many parts', fails(252, 'TOO_MANY_PARTS'), 'too many parts'],
    ['is out of memory', fails(241, 'MEMORY_LIMIT_EXCEEDED'), 'out of memory'],
    ['is a read-only replica', fails(242, 'TABLE_IS_READ_ONLY'), 'the replica is read-only'],
    ['refuses the password', fails(516, 'AUTHENTICATION_FAILED', 403), 'password is refused'],
    ['does not know whether it stored', fails(319, 'UNKNOWN_STATUS_OF_INSERT'), 'does not know'],
    ['resets connections', () => resets, 'connection lost'],
    ['is another program', () => said('<html>hello</html>'), 'is no ClickHouse'],
    ['fails in a way that nobody knows', fails(49, 'LOGICAL_ERROR'), 'error 49'],
  ])('%s, keeps events with their clients', async (_, insert, cause) => {
    const { send, ready, clickHouse, logged } = await open(treating(insert))
    const answer = await send()
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    const page = await ready()
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining(cause)])
    // An error quotes what was inserted, so neither log nor page show it.
    expect(logged.text()).not.toContain('DB::Exception')
    expect(logged.text()).not.toContain('eac98648')
    clickHouse.answer(treating(works))
    if (!/password/.test(cause)) {
      await eventually(async () => expect((await send()).status).toBe(204))
    }
  })

  it('is slow, answers only once it has the batch', async () => {
    let release: (() => void) | undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const insert: Answerer = async () => {
      await held
      return said('')
    }
    const { send, inserts } = await open(treating(insert))
    const order: string[] = []
    const sent = send().then(({ status }) => order.push(`answered ${status}`))
    await eventually(() => expect(inserts()).toHaveLength(1))
    order.push('stored')
    release?.()
    await sent
    expect(order).toEqual(['stored', 'answered 204'])
  })

  it('hangs, tells clients to come again', async () => {
    const { send, clickHouse } = await open(treating(() => hangs))
    expect((await send()).status).toBe(503)
    clickHouse.answer(treating(works))
    await eventually(async () => expect((await send()).status).toBe(204))
  })

  it('refuses one event, stores the others', async () => {
    const bad = finished()
    const insert: Answerer = (sql, headers) =>
      sql.includes(uuidOf(bad)) ? fails(117, 'INCORRECT_DATA', 400)(sql, headers) : said('')
    const { send } = await open(treating(insert))
    const statuses = await Promise.all(
      [finished(), bad, started(), finished()].map(async (body) => (await send(body)).status),
    )
    expect(statuses).toEqual([204, 422, 204, 204])
  })

  it('has another schema, starts, is not ready, and stores nothing', async () => {
    const other: Answerer = (sql, headers) =>
      sql.includes('system.columns')
        ? said(JSON.stringify({ data: described.slice(1) }))
        : treating(works)(sql, headers)
    const { send, ready, inserts } = await open(other)
    expect((await send()).status).toBe(503)
    expect(await (await ready()).text()).toContain(`${tableName} has no column id`)
    expect(inserts()).toEqual([])
  })
})

describe.concurrent('several replicas', () => {
  it('stand in for one another, with the same deduplication token', async () => {
    const replicated = (insert: Answerer) => treating(insert, 'ReplicatedReplacingMergeTree')
    const second = await startClickHouse(replicated(works))
    const first = await startClickHouse(replicated(fails(242, 'TABLE_IS_READ_ONLY')))
    const urls = { CLICKHOUSE_URL: `${first.url},${second.url}`, CLICKHOUSE_REPLICATED: '1' }
    const { send } = await open(works, urls)
    expect((await send()).status).toBe(204)
    const tokens = [first, second].map(({ asked }) =>
      asked.flatMap((sql) => /insert_deduplication_token = '(\w+)'/.exec(sql)?.[1] ?? []),
    )
    expect(tokens[0]).toHaveLength(1)
    expect(second.asked.at(-1)).toContain("insert_quorum = 'auto'")
    expect(tokens[1]).toEqual(tokens[0])
    await second.stop()
    first.answer(replicated(works))
    expect((await send()).status).toBe(204)
  })
})

describe.concurrent('the password', () => {
  it('is read from a file, and again after it was refused', async () => {
    const home = tempHome()
    const file = home.write('password', 'old\n')
    const insert: Answerer = (sql, headers) =>
      headers['x-clickhouse-key'] === 'new'
        ? said('')
        : fails(516, 'AUTHENTICATION_FAILED', 403)(sql, headers)
    const env = { CLICKHOUSE_PASSWORD_FILE: file, CLICKHOUSE_USER: 'worker' }
    const server = await startClickHouse(treating(insert))
    const { sink: settings } = readSettings({
      INGESTION_KEY: key,
      CLICKHOUSE_URL: server.url,
      ...env,
    })
    if (settings.kind !== 'clickhouse') throw new Error('not ClickHouse')
    const sink = openClickHouse(settings)
    const reading = readEvent(finished(), ['runtime'])
    const events = 'event' in reading ? [reading.event] : []
    const refused = await sink.store(events)
    expect(refused).toMatchObject({ outcomes: ['later'], trouble: { retryAfterMs: 60_000 } })
    writeFileSync(file, 'new\n')
    expect(await sink.store(events)).toEqual({ outcomes: ['stored'] })
    expect(server.asked.join()).not.toMatch(/\bnew\b|\bold\b/)
    await sink.close()
  })

  it('arrives in UTF-8, whatever letters it has', async () => {
    const file = tempHome().write('password', 'pässwörd-€\r\n')
    const keys = new Set<string>()
    const insert: Answerer = (_, headers) => {
      keys.add(Buffer.from(String(headers['x-clickhouse-key']), 'latin1').toString())
      return said('')
    }
    const { send } = await open(treating(insert), { CLICKHOUSE_PASSWORD_FILE: file })
    expect((await send()).status).toBe(204)
    expect([...keys]).toEqual(['pässwörd-€'])
  })

  it('of several lines is named, and read again once the file is right', async () => {
    const file = tempHome().write('password', 'one\n\n')
    const { sink: settings } = readSettings({
      INGESTION_KEY: key,
      CLICKHOUSE_URL: (await startClickHouse(treating(works))).url,
      CLICKHOUSE_PASSWORD_FILE: file,
    })
    if (settings.kind !== 'clickhouse') throw new Error('not ClickHouse')
    const sink = openClickHouse(settings)
    const cause = "ClickHouse: the password's file holds more than one line"
    expect(await sink.probe()).toMatchObject({ cause })
    writeFileSync(file, 'one\n')
    expect(await sink.probe()).toBeUndefined()
    await sink.close()
  })

  it('that can’t be read keeps events with their clients', async () => {
    const { send } = await open(treating(works), { CLICKHOUSE_PASSWORD_FILE: '/nonexistent/file' })
    expect((await send()).status).toBe(503)
  })
})

describe('the settings of ClickHouse', () => {
  const faults = (env: Readonly<Record<string, string>>): string => {
    try {
      readSettings({ INGESTION_KEY: key, CLICKHOUSE_URL: 'https://a.example:8443', ...env })
    } catch (error) {
      return String(error)
    }
    return ''
  }

  it.each([
    [{ CLICKHOUSE_URL: 'http://a.example:8123' }, 'CLICKHOUSE_URL must begin with https://'],
    [{ CLICKHOUSE_URL: 'https://u:p@a.example' }, 'CLICKHOUSE_URL must not hold a user name'],
    [{ CLICKHOUSE_URL: 'https://a.example,https://b.example' }, 'CLICKHOUSE_REPLICATED=1'],
    [{ CLICKHOUSE_DATABASE: 'a; DROP' }, 'CLICKHOUSE_DATABASE must be a plain name'],
    [{ RETENTION_DAYS: '0' }, 'RETENTION_DAYS must be a whole number'],
    [{ POSTHOG_API_KEY: 'phc_1' }, 'CLICKHOUSE_URL beside PostHog is for ROLE=deliver'],
  ])('name the fault in %j', (env, fault) => {
    expect(faults(env)).toContain(fault)
  })

  it('let ClickHouse have a consumer of its own beside PostHog', () => {
    const env = { ROLE: 'deliver', BUFFER_URL: 'nats://127.0.0.1:1', POSTHOG_API_KEY: 'phc_1' }
    const settings = readSettings({ ...env, CLICKHOUSE_URL: 'http://127.0.0.1:8123' })
    expect(settings).toMatchObject({
      sink: { kind: 'posthog' },
      clickHouse: { kind: 'clickhouse' },
    })
  })
})

it('trusts the authority in CLICKHOUSE_CA_FILE and no other, and says why it does not', async () => {
  const certificates = await makeCertificates()
  const answerer = treating(works)
  const server = https.createServer(certificates, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void (async () => {
        const { text } = await answerer(Buffer.concat(chunks).toString(), request.headers)
        response.end(text)
      })()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  later(() => {
    server.closeAllConnections()
    server.close()
    certificates.remove()
  })
  const urls = [`https://127.0.0.1:${(server.address() as AddressInfo).port}`]
  const trusting = openClickHouse(settingsFor(urls, { caFile: certificates.caFile }))
  expect(await trusting.probe()).toBeUndefined()
  await trusting.close()
  const strict = openClickHouse(settingsFor(urls))
  expect(await strict.probe()).toMatchObject({
    cause: 'ClickHouse: its certificate is not accepted',
  })
  await strict.close()
})
