import dns from 'node:dns'
import net from 'node:net'

import { beforeAll, describe, expect, it, vi } from 'vitest'

import { eventually } from '../support/eventually.ts'
import type { Behaviour } from '../support/collector.ts'
import { forNow, key, posterTo, stage } from './stage.ts'

const body = '{"event_label":"run"}'

const unanswered = 'nobody-answers.invalid'

beforeAll(() => {
  const { lookup } = dns
  vi.spyOn(dns, 'lookup').mockImplementation(((host: string, ...rest: [never]) => {
    if (host !== unanswered) lookup(host, ...rest)
  }) as typeof lookup)
})

describe.concurrent('one deadline', () => {
  const slow: [string, Behaviour][] = [
    ['before the headers', { hang: 'before headers' }],
    ['within the headers', { hang: 'in headers' }],
    ['within the body', { hang: 'in body' }],
    ['after news that is no answer', { raw: 'HTTP/1.1 100 Continue\r\n\r\n' }],
    ['longer than it may', { status: 204, afterMs: 60_000 }],
    ['while it drips headers', { drip: 'headers', everyMs: 5 }],
    ['while it drips a body', { drip: 'body', everyMs: 5 }],
  ]
  it.each(slow)('ends a post to a collector that hangs %s', async (_, answer) => {
    const { collector, post } = await stage(answer, { timeoutMs: 500, inFlight: 1 })
    const started = performance.now()
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'timeout' })
    expect(performance.now() - started).toBeGreaterThan(490)
    expect(collector.requests).toBe(1)
    collector.setAnswer(204)
    expect(await post(body)).toEqual({ kind: 'delivered' })
    expect(collector.connections).toBe(2)
  })

  it('ends a post that waits for a free connection', async () => {
    const { post } = await stage({ hang: 'before headers' }, { timeoutMs: 150, inFlight: 1 })
    const outcomes = await Promise.all([post(body), post(body), post(body)])
    expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'failed', reason: 'timeout' })))
  })

  it('ends a post whose TLS never begins', async () => {
    const silent = await listener()
    const { post } = posterTo(`https://127.0.0.1:${silent}/`, { timeoutMs: 150 })
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'timeout' })
  })

  it('ends a post during the name lookup', async () => {
    const { post } = posterTo(`http://${unanswered}/`, { timeoutMs: 150 })
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'timeout' })
  })

  it('does not end a post too early', async () => {
    const { post } = await stage({ status: 204, afterMs: 100 }, { timeoutMs: 5000 })
    expect(await post(body)).toEqual({ kind: 'delivered' })
  })
})

describe.concurrent('a broken answer', () => {
  const protocol: [string, string][] = [
    ['not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['noise', '\u0000\u0001\u00ff\u00fe'.repeat(50)],
    ['a status in letters', 'HTTP/1.1 two-oh-four\r\n\r\n'],
    ['204 in a protocol of another age', 'HTTP/7.3 204 No Content\r\n\r\n'],
    ['a header without a name', 'HTTP/1.1 204 No Content\r\n: x\r\n\r\n'],
    ['headers without an end', `HTTP/1.1 204 No Content\r\n${'X-Filler: y\r\n'.repeat(10_000)}`],
    ['one header without an end', `HTTP/1.1 204 No Content\r\nX-Filler: ${'y'.repeat(100_000)}`],
    [
      'another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ],
  ]
  it.each(protocol)('is a protocol error if it is %s', async (_, raw) => {
    const { collector, post } = await stage({ raw })
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'protocol' })
    collector.setAnswer(204)
    expect(await post(body)).toEqual({ kind: 'delivered' })
  })

  const resets: [string, Behaviour][] = [
    ['resets', 'reset'],
    ['closes', 'close'],
    ['ends before an answer', { raw: '', end: true }],
    ['ends within the status', { raw: 'HTTP/1.1 20', end: true }],
    ['ends within the headers of a 204', { raw: 'HTTP/1.1 204 No Content\r\nDate: x', end: true }],
  ]
  it.each(resets)('is a reset if the collector %s', async (_, answer) => {
    const { post } = await stage(answer)
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'reset' })
  })

  it.each([
    ['cut short', 'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\npart'],
    [
      'garbled',
      'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n',
    ],
  ])('keeps its status when only its body is %s', async (_, raw) => {
    const { post } = await stage({ raw, end: true })
    expect(await post(body)).toEqual({ kind: 'answered', status: 503, retryAfterMs: 7000 })
  })
})

describe.concurrent('a post that gets nowhere', () => {
  it('is refused if nothing listens', async () => {
    // No server gets this port by chance, as it might get one that has just been freed.
    for (const host of ['127.0.0.1', 'localhost']) {
      const { post } = posterTo(`http://${host}:9/v1/t?key=${key}`)
      expect(await post(body)).toEqual({ kind: 'failed', reason: 'refused' })
    }
  })

  it.each(['http', 'https'])('says that a name is unknown, over %s', async (scheme) => {
    const { post } = posterTo(`${scheme}://collector.invalid/v1/t?key=${key}`)
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'name not found' })
  })

  it.each(['', 'nonsense', 'ftp://127.0.0.1/', 'http://'])(
    'does not throw at the endpoint %j',
    async (endpoint) => {
      expect(await posterTo(endpoint).post(body)).toEqual({
        kind: 'failed',
        reason: 'invalid request',
      })
    },
  )

  it.each([{ 'X-Key': 'a\r\nX-Forged: b' }, { 'X-Key': 'ключ' }, { 'X Key': 'a' }, { '': 'a' }])(
    'does not throw at the headers %j',
    async (headers) => {
      const { collector, post } = await stage(204, { headers })
      expect(await post(body)).toEqual({ kind: 'failed', reason: 'invalid request' })
      expect(collector.requests).toBe(0)
    },
  )
})

describe.concurrent('a closed client', () => {
  it('aborts its posts and takes no more', async () => {
    const { collector, post, close } = await stage({ hang: 'before headers' }, { inFlight: 2 })
    const outcomes = Promise.all([post(body), post(body), post(body)])
    await collector.received(2)
    close()
    const closed = { kind: 'failed', reason: 'closed' }
    expect(await outcomes).toEqual([closed, closed, closed])
    expect(await post(body)).toEqual(closed)
    expect(collector.requests).toBe(2)
    close()
  })

  it('keeps no connection open', async () => {
    const { collector, post, close } = await stage()
    await Promise.all([post(body), post(body)])
    expect(collector.open).toBe(2)
    close()
    await eventually(() => expect(collector.open).toBe(0))
  })

  it('drops posts that have not begun', async () => {
    const { collector, post, close } = await stage()
    const outcome = post(body)
    close()
    expect(await outcome).toEqual({ kind: 'failed', reason: 'closed' })
    expect(collector.connections).toBe(0)
  })
})

async function listener(): Promise<number> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  forNow({
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return (server.address() as net.AddressInfo).port
}
