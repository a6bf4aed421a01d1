import { describe, expect, it } from 'vitest'

import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { openHandler } from '../../../infra/worker/src/index.ts'
import { tempHome } from '../../support/home.ts'
import { contracts, finished, install, started, usage, uuidOf, wire } from './support/events.ts'
import { ndjson, requestOf, type RequestOptions, saidIn } from './support/requests.ts'
import { key, later, stage } from './support/stage.ts'

async function open(env: Readonly<Record<string, string>> = {}) {
  const made = await stage([], env)
  const handle = fetchHandlerOf(made.worker)
  const send = async (body: string | Uint8Array | undefined, options?: RequestOptions) =>
    saidIn(await handle(requestOf(body, options)))
  return { ...made, send }
}

describe('an event', () => {
  it.each([
    ['/ingest', finished()],
    ['/v1/t', started()],
    ['/v1/t', usage()],
    ['/v1/t', install()],
    ['/api/telemetry', install()],
    ['/api/v1/telemetry/runmat', usage()],
    ['/v1/t?source=here', finished()],
  ])('sent to %s is stored before the 204', async (path, bytes) => {
    const { send, posthog } = await open()
    const { status, body } = await send(bytes, { path })
    expect({ status, body }).toEqual({ status: 204, body: undefined })
    expect(posthog.stored.map(({ uuid }) => uuid)).toEqual([uuidOf(bytes)])
  })

  it('reaches PostHog with its own id and without person, place or address', async () => {
    const { send, posthog } = await open()
    const bytes = finished()
    await send(bytes, { headers: { 'X-Forwarded-For': '203.0.113.7' } })
    const [batch] = posthog.batches
    expect(batch?.api_key).toBe('phc_test')
    expect(Object.keys(batch ?? {})).toEqual(['api_key', 'batch'])
    const { payload, ...envelope } = JSON.parse(bytes) as {
      uuid: string
      cid: string
      payload: object
    }
    expect(batch?.batch).toEqual([
      {
        event: 'runtime.run.finished',
        distinct_id: envelope.cid,
        uuid: envelope.uuid,
        timestamp: new Date(1_790_000_000_123).toISOString(),
        properties: {
          ...envelope,
          ...payload,
          $process_person_profile: false,
          $geoip_disable: true,
          $ip: null,
          $ignore_sent_at: true,
          $current_url: 'run=script • jit=on • gpu=on • failed=hir',
        },
      },
    ])
  })

  it.each([
    [usage(), 'usage', 'eac98648-3b42-41c7-a887-7452dd08cbf0', '2026-01-02T10:00:00.000Z'],
    [install(), 'install_start', '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7', undefined],
    [
      started({ cid: undefined }),
      'runtime.run.started',
      '9e2a9d9f-4e37-4090-a1fb-96cb2c6f9f3a',
      '2026-09-21T14:13:20.123Z',
    ],
  ])('keeps its own name, client id and time: %s', async (bytes, event, id, time) => {
    const { send, posthog } = await open()
    await send(bytes)
    const [captured] = posthog.stored
    expect(captured).toMatchObject({ event, distinct_id: id, uuid: uuidOf(bytes) })
    expect(captured?.timestamp).toBe(time)
  })

  it('is the same with a byte order mark and with whitespace', async () => {
    const [first, second] = [await open(), await open()]
    const event = JSON.parse(finished()) as object
    const spaced = JSON.stringify(event, null, 2)
    expect((await first.send(`\uFEFF${spaced}\n`)).status).toBe(204)
    expect((await second.send(JSON.stringify(event))).status).toBe(204)
    expect(first.posthog.stored).toHaveLength(1)
    expect(first.posthog.stored).toEqual(second.posthog.stored)
  })
})

describe('an ingestion key', () => {
  const cases = [
    ['right', key, 204],
    ['older, still valid', 'old-key', 204],
    ['wrong', 'another-key', 401],
    ['the beginning of one', key.slice(0, -1), 401],
    ['one and more', `${key}x`, 401],
    ['with a space in front', ` ${key}`, 204],
    ['very long', 'x'.repeat(8000), 401],
    ['missing', null, 401],
  ] as const
  it.each(cases)('that is %s is answered as it should be', async (_, sent, status) => {
    const { send, posthog } = await open({ INGESTION_KEY: `${key}, old-key` })
    const said = await send(finished(), { key: sent })
    expect(said.status).toBe(status)
    expect(said.body?.reason).toBe(status === 204 ? undefined : 'key')
    expect(posthog.batches).toHaveLength(status === 204 ? 1 : 0)
  })

  it.each(['/v1/t', '/ingest', '/api/telemetry'])(
    'is not needed for install events at %s',
    async (path) => {
      const { send } = await open()
      expect((await send(install(), { path, key: null })).status).toBe(204)
    },
  )

  it.each([finished(), started(), usage()])('is needed for %s', async (bytes) => {
    const { send } = await open()
    expect((await send(bytes, { key: null })).status).toBe(401)
  })

  it('is not needed if the operator allows keyless senders', async () => {
    const { send } = await open({ INGESTION_KEY: '', ALLOW_KEYLESS: '1' })
    expect((await send(finished(), { key: null })).status).toBe(204)
  })
})

describe('an address', () => {
  it.each([
    ['/api/telemetry', finished()],
    ['/api/telemetry', usage()],
    ['/api/v1/telemetry/runmat', finished()],
    ['/api/v1/telemetry/runmat', install()],
  ])('%s does not take %s', async (path, bytes) => {
    const { send } = await open()
    const { status, body } = await send(bytes, { path })
    expect({ status, reason: body?.reason }).toEqual({ status: 400, reason: 'field' })
  })

  it.each([
    '/',
    '/v1',
    '/v1/t/',
    '/api/v1/telemetry/roar',
    '/api/v1/telemetry/',
    '/INGEST',
    '/%69ngest/x',
  ])('%s is answered 404', async (path) => {
    const { send } = await open()
    const { status, body } = await send(finished(), { path })
    expect({ status, reason: body?.reason }).toEqual({ status: 404, reason: 'route' })
  })

  it.each([
    ['GET', '/v1/t', 'OPTIONS, POST'],
    ['PUT', '/ingest', 'OPTIONS, POST'],
    ['DELETE', '/api/telemetry', 'OPTIONS, POST'],
    ['OPTIONS', '/metrics', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
  ])('is answered 405 for %s %s', async (method, path, allow) => {
    const { send } = await open()
    const { status, headers } = await send(undefined, { method, path })
    expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow })
  })
})

describe('a request body', () => {
  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json; charset=UTF-8', 204],
    ['APPLICATION/JSON', 204],
    ['application/jsonp', 415],
    ['', 415],
  ])('of type %j is answered %s', async (type, status) => {
    const { send } = await open()
    expect((await send(finished(), { type })).status).toBe(status)
  })

  it.each(['gzip', 'br', 'deflate, gzip', 'zstd'])(
    'compressed with %s is not unpacked',
    async (encoding) => {
      const { send } = await open()
      const said = await send(new Uint8Array(100), { headers: { 'Content-Encoding': encoding } })
      expect(said).toMatchObject({ status: 415, body: { reason: 'encoding' } })
    },
  )

  it('over the limit is refused, with or without a Content-Length', async () => {
    const { worker, send } = await open({ MAX_BODY_BYTES: '2048' })
    const said = await send('x'.repeat(2049), { headers: { 'Content-Length': '2049' } })
    expect(said).toMatchObject({ status: 413, body: { reason: 'size' } })
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(32)),
    })
    const endless = new Request('http://worker.invalid/v1/t', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-telemetry-key': key },
      body: stream,
      duplex: 'half',
    })
    expect((await fetchHandlerOf(worker)(endless)).status).toBe(413)
    expect(worker.memoryBudgets.whole.bytes()).toBe(0)
  })
})

describe('an NDJSON request', () => {
  it('stores events of every family together', async () => {
    const { send, posthog } = await open()
    const lines = [finished(), '', started(), usage(), '  ', install()]
    expect((await send(`${lines.join('\r\n')}\n`, { type: ndjson })).status).toBe(204)
    expect(posthog.stored.map(({ event }) => event)).toEqual([
      'runtime.run.finished',
      'runtime.run.started',
      'usage',
      'install_start',
    ])
  })

  it('lists the lines that are not stored', async () => {
    const { send, posthog } = await open()
    const bad = JSON.stringify({ ...JSON.parse(finished()), os: 'me' })
    const lines = [finished(), bad, started(), '{"event_label":', '[]']
    const { status, body } = await send(lines.join('\n'), { type: ndjson })
    expect(status).toBe(207)
    expect(body).toMatchObject({
      stored: 2,
      lines: [
        { line: 2, status: 400, reason: 'field', field: 'os' },
        { line: 4, status: 400, reason: 'json' },
        { line: 5, status: 400, reason: 'json' },
      ],
    })
    expect(posthog.stored).toHaveLength(2)
  })

  it('is refused as a whole if no line is valid', async () => {
    const { send, posthog } = await open()
    const { status, body } = await send('{}\n[]', { type: ndjson })
    expect({ status, stored: body?.stored }).toEqual({ status: 400, stored: 0 })
    expect(posthog.batches).toEqual([])
  })

  it('tells the client to keep valid lines while the sink is away', async () => {
    const { send, posthog } = await open()
    posthog.script({ status: 503, retryAfter: 9 })
    const { status, headers, body } = await send(`${finished()}\n{}`, { type: ndjson })
    expect({ status, wait: headers.get('retry-after') }).toEqual({ status: 503, wait: '9' })
    expect(body?.lines).toMatchObject([
      { line: 1, status: 503 },
      { line: 2, status: 400 },
    ])
  })

  it('is answered 503 while the sink is away, though its first line will never be valid', async () => {
    const { send, posthog } = await open()
    posthog.script({ status: 503, retryAfter: 9 })
    const { status, headers } = await send(`{}\n${finished()}`, { type: ndjson })
    expect({ status, wait: headers.get('retry-after') }).toEqual({ status: 503, wait: '9' })
  })

  it('without a key stores install events and answers 401 for other lines', async () => {
    const { send } = await open()
    const { status, body } = await send(`${install()}\n${finished()}`, { type: ndjson, key: null })
    expect(status).toBe(207)
    expect(body?.lines).toMatchObject([{ line: 2, status: 401, reason: 'key' }])
  })

  it('of ten thousand lines is refused', async () => {
    const { send, posthog } = await open({ MAX_BODY_BYTES: String(8 * 1024 * 1024) })
    const lines = Array.from({ length: 10_000 }, () => install())
    const said = await send(lines.join('\n'), { type: ndjson })
    expect(said).toMatchObject({ status: 413, body: { reason: 'size' } })
    expect(posthog.batches).toEqual([])
  })

  it.each([
    ['\n\n \n', ndjson],
    ['', ndjson],
    ['', 'application/json'],
    [' \n', 'application/json'],
  ])('without events is answered 400: %j as %s', async (body, type) => {
    const { send } = await open()
    expect(await send(body, { type })).toMatchObject({ status: 400, body: { reason: 'empty' } })
  })
})

describe('senders without a key', () => {
  it('share a limit per network and learn when to try again', async () => {
    const { send } = await open({ TRUST_PROXY: '1' })
    const from = (address: string, body = install()) =>
      send(body, { key: null, headers: { 'X-Forwarded-For': address }, type: ndjson })
    const many = Array.from({ length: 119 }, () => install()).join('\n')
    expect((await from('203.0.113.7', many)).status).toBe(204)
    expect((await from('203.0.113.7')).status).toBe(204)
    const said = await from('203.0.113.7')
    expect(said).toMatchObject({ status: 429, body: { reason: 'rate' } })
    expect(Number(said.headers.get('retry-after'))).toBeGreaterThan(0)
    // What a client writes there itself is further left and doesn't count.
    expect((await from('198.51.100.1, 203.0.113.7')).status).toBe(429)
    expect((await from('198.51.100.1')).status).toBe(204)
    expect((await send(install())).status).toBe(204)
  })

  it('count as one network if their IPv6 addresses share a prefix', async () => {
    const { send } = await open({ TRUST_PROXY: '1' })
    const from = (address: string, count: number) =>
      send(Array.from({ length: count }, () => install()).join('\n'), {
        key: null,
        headers: { 'X-Forwarded-For': address },
        type: ndjson,
      })
    expect((await from('2001:db8:1:2::1', 120)).status).toBe(204)
    expect((await from('2001:db8:1:2:3::', 1)).status).toBe(429)
    expect((await from('2001:db8:1:3::1', 1)).status).toBe(204)
  })
})

describe('the worker as a fetch handler', () => {
  it('works as a route of a Next.js site', async () => {
    const home = tempHome()
    const file = home.at('events.ndjson')
    // app/api/telemetry/route.ts
    const worker = openHandler({ INGESTION_KEY: key, EVENTS_FILE: file })
    const POST = async (request: Request) => (await worker)(request)
    later(async () => (await worker).close())

    const post = (body: string) =>
      POST(requestOf(body, { path: '/api/telemetry', key: null }, 'https://runmat.invalid'))
    const stored = await post(wire('install-start-002'))
    expect([stored.status, await stored.text()]).toEqual([204, ''])
    expect((await saidIn(await post('{"event_label":"install_start"}'))).body?.field).toBe('os')
    const event = contracts
      .map((contract) => contract.recognise(JSON.parse(home.read(file))))
      .find((bytes) => bytes !== undefined)
    expect(JSON.parse(event ?? '{}')).toMatchObject(JSON.parse(wire('install-start-002')))
  })
})

describe('monitoring', () => {
  it('reads counts of everything that happened from /metrics', async () => {
    const { worker, send } = await open()
    await send(finished())
    await send(JSON.stringify({ ...JSON.parse(started()), extra: 1, more: {} }))
    await send(finished(), { key: 'wrong' })
    await send('nonsense')
    const metrics = await fetchHandlerOf(worker)(new Request('http://worker.invalid/metrics'))
    const text = await metrics.text()
    for (const line of [
      'telemetry_events_accepted_total{family="runtime"} 2',
      'telemetry_events_rejected_total{reason="key"} 1',
      'telemetry_events_rejected_total{reason="json"} 1',
      'telemetry_fields_dropped_total{field="other"} 2',
      'telemetry_sink_up{sink="posthog"} 1',
      'telemetry_sink_seconds_count{sink="posthog"} 2',
      'telemetry_events_waiting 0',
      'telemetry_held_bytes 0',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
    expect(text).toMatch(
      /^(# (HELP|TYPE) \w+ .+\n|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [-+.e\d]+\n)+$/,
    )
  })

  it('sees which key is still in use, but never the key', async () => {
    const { worker, send } = await open({ INGESTION_KEY: 'new-key,old-key' })
    for (const given of ['new-key', 'old-key', 'old-key', 'new-key,old-key', 'unknown']) {
      await send(finished(), { key: given })
    }
    const page = await fetchHandlerOf(worker)(new Request('http://worker.invalid/metrics'))
    const text = await page.text()
    expect(text).toContain('telemetry_requests_by_key_total{key="1"} 1\n')
    expect(text).toContain('telemetry_requests_by_key_total{key="2"} 2\n')
    expect(text).not.toMatch(/new-key|old-key/)
  })

  it('sees who answered', async () => {
    const { worker } = await open()
    const ask = async () =>
      await (await fetchHandlerOf(worker)(new Request('http://worker.invalid/metrics'))).text()
    const [first] = /telemetry_instance_info\{instance="[\w.-]+"\} 1\n/.exec(await ask()) ?? ['']
    expect(first).not.toBe('')
    expect(await ask()).toContain(first)
  })

  it('sees /readyz fail while the sink is away and recover when it is back', async () => {
    const { worker, posthog } = await open()
    const ready = async () =>
      (await fetchHandlerOf(worker)(new Request('http://worker.invalid/readyz'))).status
    expect(await ready()).toBe(200)
    await posthog.stop()
    await fetchHandlerOf(worker)(requestOf(finished()))
    expect(await ready()).toBe(503)
    await posthog.restart()
    await expect.poll(ready).toBe(200)
    expect(
      (await fetchHandlerOf(worker)(new Request('http://worker.invalid/healthz'))).status,
    ).toBe(200)
  })
})
