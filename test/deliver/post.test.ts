import { describe, expect, it } from 'vitest'

import { forNow, key, posterTo, stage } from './stage.ts'
import { startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'

const event = { event_label: 'run', text: 'ünïcode 🚀' }
const body = JSON.stringify(event)
const delivered = { kind: 'delivered' }

describe.concurrent('a post', () => {
  it('is one POST with the unchanged body and its content type', async () => {
    const { collector, post } = await stage()
    expect(await post(body)).toEqual(delivered)
    expect(collector.events).toHaveLength(1)
    expect(collector.events[0]).toMatchObject({
      method: 'POST',
      path: '/v1/t',
      text: body,
      json: event,
    })
    const { host, connection, ...headers } = collector.events[0]?.headers ?? {}
    expect(host).toBe(`127.0.0.1:${collector.port}`)
    expect(connection).toBe('keep-alive')
    expect(headers).toEqual({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'test/1',
      'x-key': key,
    })
  })

  it.each(['a new connection', 'a connection that is used again'])(
    'asks once more when it has %s, and then sends nothing if it may not',
    async (which) => {
      const { collector, post } = await stage()
      const isAgain = which !== 'a new connection'
      if (isAgain) expect(await post(body)).toEqual(delivered)
      let asked = 0
      const ended = post(body, () => {
        asked += 1
        return false
      })
      expect(asked).toBe(0)
      expect(await ended).toEqual({ kind: 'failed', reason: 'closed' })
      expect(asked).toBe(1)
      await eventually(() => expect(collector.connections).toBe(1))
      await eventually(() => expect(collector.open).toBe(0))
      expect(collector.requests).toBe(isAgain ? 1 : 0)
    },
  )

  it('sends bytes unchanged', async () => {
    const { collector, post } = await stage()
    expect(await post(Buffer.from(body))).toEqual(delivered)
    expect(await post('')).toEqual(delivered)
    expect(collector.events.map(({ text }) => text)).toEqual([body, ''])
    expect(collector.events[1]?.headers['content-length']).toBe('0')
  })

  it('keeps the path and the query of the endpoint', async () => {
    const { collector } = await stage()
    const { post } = posterTo(`${collector.url.replace('/v1/t', '/a%20b/')}?source=x&y=%26`)
    expect(await post(body)).toEqual(delivered)
    expect(collector.events[0]?.path).toBe('/a%20b/?source=x&y=%26')
  })

  it('reaches a collector by its host name', async () => {
    const { collector } = await stage()
    const { post } = posterTo(collector.url.replace('127.0.0.1', 'localhost'))
    expect(await post(body)).toEqual(delivered)
    expect(collector.events[0]?.headers.host).toBe(`localhost:${collector.port}`)
  })

  it.each([
    ['with a body it must not have', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok'],
    [
      'with a body in chunks',
      'HTTP/1.1 204 Fine\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['without a word', 'HTTP/1.1 204\r\n\r\n'],
    [
      'after other news',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    ],
    ['in the older protocol', 'HTTP/1.0 204 No Content\r\n\r\n'],
    ['that closes', 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'],
  ])('is delivered by a 204 %s', async (_, raw) => {
    const { post } = await stage({ raw })
    expect(await post(body)).toEqual(delivered)
  })

  it('counts one 204 for one event, even if the collector sends two', async () => {
    const once = 'HTTP/1.1 204 No Content\r\n\r\n'
    const { collector, post } = await stage({ raw: once + once })
    expect(await post(body)).toEqual(delivered)
    collector.setAnswer(400)
    expect(await post(body)).not.toEqual(delivered)
  })

  it('is delivered by a 204 that comes before the body was sent', async () => {
    const { collector, post } = await stage({ status: 204, early: true }, { inFlight: 1 })
    expect(await post(Buffer.alloc(32 * 1024 * 1024))).toEqual(delivered)
    expect(collector.events[0]?.text).toBe('')
    collector.setAnswer(204)
    expect(await post(body)).toEqual(delivered)
  })

  it('is answered by a refusal that comes before the body was sent', async () => {
    const { collector, post } = await stage({ status: 413, early: true }, { inFlight: 1 })
    expect(await post(Buffer.alloc(32 * 1024 * 1024))).toEqual({ kind: 'answered', status: 413 })
    collector.setAnswer(204)
    expect(await post(body)).toEqual(delivered)
  })

  it.each([
    200, 201, 202, 205, 206, 300, 304, 400, 401, 403, 404, 408, 410, 413, 429, 500, 503, 599,
  ])('is answered, not delivered, by %i', async (status) => {
    const { collector, post } = await stage({ status, body: 'because' })
    expect(await post(body)).toEqual({ kind: 'answered', status })
    expect(await post(body)).toEqual({ kind: 'answered', status })
    expect(collector.connections).toBe(1)
  })

  it.each([301, 302, 303, 307, 308])('does not follow a %i', async (status) => {
    const elsewhere = forNow(await startCollector())
    const { post } = await stage({ status, headers: { Location: elsewhere.url } })
    expect(await post(body)).toEqual({ kind: 'answered', status })
    expect(elsewhere.connections).toBe(0)
  })

  it.each([
    ['90', 90_000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
    ['soon', undefined],
  ])('passes on Retry-After: %s', async (header, retryAfterMs) => {
    const { post } = await stage(
      { status: 503, headers: { 'Retry-After': header } },
      { now: () => Date.UTC(2026, 0, 1) },
    )
    const expected = { kind: 'answered', status: 503 }
    expect(await post(body)).toEqual(
      retryAfterMs === undefined ? expected : { ...expected, retryAfterMs },
    )
  })

  it('waits for a slow answer', async () => {
    const { post } = await stage({ status: 204, afterMs: 50 })
    expect(await post(body)).toEqual(delivered)
  })

  it('reads a small answer completely and keeps the connection', async () => {
    const { collector, post } = await stage({ status: 500, body: 'x'.repeat(60_000) })
    for (let round = 0; round < 5; round += 1) {
      expect(await post(body)).toEqual({ kind: 'answered', status: 500 })
    }
    expect(collector.connections).toBe(1)
  })

  it('does not read a large answer', async () => {
    const { collector, post } = await stage({ status: 200, body: Buffer.alloc(64 * 1024 * 1024) })
    expect(await post(body)).toEqual({ kind: 'answered', status: 200 })
    collector.setAnswer(204)
    expect(await post(body)).toEqual(delivered)
    expect(collector.connections).toBe(2)
  })
})

describe.concurrent('many posts', () => {
  it('never use more connections than allowed', async () => {
    const { collector, post } = await stage(204, { inFlight: 4 })
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, id) => post(JSON.stringify({ id }))),
    )
    expect(outcomes.every(({ kind }) => kind === 'delivered')).toBe(true)
    expect(collector.connections).toBe(4)
    const ids = collector.events.map(({ json }) => (json as { id: number }).id)
    expect(new Set(ids).size).toBe(200)
  })

  it('each get the answer to their own event', async () => {
    const { post } = await stage(({ json }) => 400 + (json as { id: number }).id)
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, id) => post(JSON.stringify({ id }))),
    )
    expect(outcomes).toEqual(outcomes.map((_, id) => ({ kind: 'answered', status: 400 + id })))
  })

  it('go on after the collector closed idle connections', async () => {
    const { collector, post } = await stage()
    expect(await post(body)).toEqual(delivered)
    collector.disconnect()
    // Whether the news of the end comes before the next request is for the kernel to say.
    expect([delivered, { kind: 'failed', reason: 'reset' }]).toContainEqual(await post(body))
    expect(await post(body)).toEqual(delivered)
  })

  it('never repeat a request that broke off on a kept-alive connection', async () => {
    const { collector, post } = await stage()
    expect(await post(body)).toEqual(delivered)
    collector.setAnswer('reset')
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'reset' })
    collector.setAnswer('close')
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'reset' })
    expect(collector.requests).toBe(3)
  })
})
