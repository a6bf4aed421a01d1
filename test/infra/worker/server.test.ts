import { once } from 'node:events'
import net from 'node:net'

import { describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { finished, install, uuidOf } from './support/events.ts'
import { json, ndjson } from './support/requests.ts'
import { key, served } from './support/stage.ts'
import { connect, headOf, postOf } from './support/wire.ts'

const hasty = { headersMs: 300, requestMs: 600, checkMs: 50 }

describe('a slow sender', () => {
  it.concurrent('that stalls in its headers is cut off', async () => {
    const { server } = await served([], {}, hasty)
    const wire = await connect(server.port)
    wire.send('POST /v1/t HTTP/1.1\r\nHost: x\r\nX-Slow')
    const said = await wire.ended
    expect(said).toMatch(/^HTTP\/1\.1 408 .*"reason":"timeout"\}\n$/s)
  })

  it.concurrent('that stalls in its body is cut off and holds no memory', async () => {
    const { server, worker } = await served([], {}, hasty)
    const wire = await connect(server.port)
    wire.send(headOf({ length: 1000 }) + finished().slice(0, 500))
    await eventually(() => expect(worker.memoryBudgets.whole.bytes()).toBe(500))
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /)
    await eventually(() => expect(worker.memoryBudgets.whole.bytes()).toBe(0))
    expect(worker.metrics.requestsInFlight).toBe(0)
  })

  it.concurrent('that sends a byte at a time is cut off', async () => {
    const { server } = await served([], {}, hasty)
    const wire = await connect(server.port)
    const bytes = postOf(finished()).split('')
    const timer = setInterval(() => wire.send(bytes.shift() ?? ''), 20)
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /)
    clearInterval(timer)
  })

  it.concurrent('that sends nothing is cut off', async () => {
    const { server } = await served([], {}, hasty)
    const wire = await connect(server.port)
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /)
  })

  it.concurrent('that never hangs up does not delay the others', async () => {
    const { server, url, worker } = await served()
    const idle = await Promise.all(Array.from({ length: 500 }, () => connect(server.port)))
    const before = process.memoryUsage.rss()
    const response = await fetch(`${url}/v1/t`, {
      method: 'POST',
      headers: { 'Content-Type': json, 'x-telemetry-key': key },
      body: finished(),
    })
    expect(response.status).toBe(204)
    expect(process.memoryUsage.rss() - before).toBeLessThan(50_000_000)
    expect(worker.metrics.requestsInFlight).toBe(0)
    for (const wire of idle) wire.hangUp()
  })
})

describe('a request that is refused early', () => {
  it.each([
    [{ length: 2_000_000 }, 413],
    [{ length: 100, key: 'wrong' }, 401],
    [{ length: 100, headers: ['Content-Encoding: gzip'] }, 415],
    [{ length: 100, path: '/api/v1/telemetry/runmat', key: '' }, 401],
  ])('with %j is answered %i before its body', async (options, status) => {
    const { server, posthog } = await served()
    const wire = await connect(server.port)
    wire.send(headOf(options))
    const said = await wire.ended
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*Connection: close`, 's'))
    expect(said).toMatch(/\r\n\r\n\{"error":".+\}\n$/s)
    expect(posthog.batches).toEqual([])
  })

  it('with Expect: 100-continue gets the refusal, and a good one may go on', async () => {
    const { server, posthog } = await served()
    const refused = await connect(server.port)
    refused.send(headOf({ length: 2_000_000, headers: ['Expect: 100-continue'] }))
    expect(await refused.ended).toMatch(/^HTTP\/1\.1 413 /)
    const bytes = finished()
    const wire = await connect(server.port)
    wire.send(headOf({ length: bytes.length, headers: ['Expect: 100-continue'] }))
    await wire.hears(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    wire.send(bytes)
    await wire.hears(/HTTP\/1\.1 204 /)
    expect(posthog.stored).toHaveLength(1)
    wire.hangUp()
  })

  it('reaches its sender even if it keeps sending', async () => {
    const { url } = await served()
    const response = await fetch(`${url}/v1/t`, {
      method: 'POST',
      headers: { 'Content-Type': json, 'x-telemetry-key': key },
      body: new Uint8Array(4_000_000),
    })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ reason: 'size' })
  })
})

describe('a connection beyond the limit', () => {
  it('is closed without harm to the others', async () => {
    const { server } = await served([], {}, { connections: 2 })
    const [one, other] = [await connect(server.port), await connect(server.port)]
    const third = await connect(server.port)
    expect(await third.ended).toBe('')
    for (const wire of [one, other]) {
      wire.send(postOf(finished()))
      await wire.hears(/^HTTP\/1\.1 204 /)
    }
    one.hangUp()
    await one.ended
    await eventually(async () => {
      const next = await connect(server.port)
      next.send(postOf(finished()))
      expect(await Promise.race([next.hears(/204/), next.ended])).toMatch(/^HTTP\/1\.1 204 /)
      next.hangUp()
    })
    other.hangUp()
  })
})

describe('a sender that never reads', () => {
  it('loses its connection', async () => {
    const { server } = await served([], {}, { silenceMs: 300, checkMs: 50 })
    const socket = net.connect(server.port, '127.0.0.1').pause()
    const gone = once(socket, 'error')
    // Each answer is forty times as long as its request.
    const wrong = postOf('{}\n'.repeat(1000)).replace(json, ndjson)
    socket.write(wrong.repeat(200))
    const knock = setInterval(() => socket.write('x'), 50)
    const [{ code }] = (await gone) as [NodeJS.ErrnoException]
    clearInterval(knock)
    expect(['EPIPE', 'ECONNRESET']).toContain(code)
  })
})

describe('a sender that is cut off', () => {
  it('loses its descriptor soon, even if it never reads and goes on sending', async () => {
    const { server } = await served([], {}, { ...hasty, silenceMs: 40_000 })
    const socket = net
      .connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
      .pause()
    const gone = once(socket, 'error')
    socket.write('POST /v1/t HTTP/1.1\r\nHost: x\r\nX-Slow')
    const knock = setInterval(() => socket.write('x'), 50)
    const start = performance.now()
    const [{ code }] = (await gone) as [NodeJS.ErrnoException]
    clearInterval(knock)
    expect(['EPIPE', 'ECONNRESET']).toContain(code)
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})

describe('senders without a key', () => {
  const stuck = (type: string, address = '') => [
    'POST /v1/t HTTP/1.1',
    'Host: x',
    `Content-Type: ${type}`,
    ...(address === '' ? [] : [`X-Forwarded-For: ${address}`]),
  ]
  const postWithKey = (url: string) =>
    fetch(`${url}/v1/t`, {
      method: 'POST',
      headers: { 'Content-Type': json, 'x-telemetry-key': key },
      body: finished(),
    }).then(({ status }) => status)

  it.concurrent.each(['Content-Length', 'Transfer-Encoding'])(
    'that hold back the last byte of 1 MiB (%s) take nothing from the others',
    async (form) => {
      const { server, url } = await served()
      const size = 1024 * 1024
      const length = form === 'Content-Length' ? `${form}: ${size}` : `${form}: chunked`
      const start = form === 'Content-Length' ? '' : `${size.toString(16)}\r\n`
      const wires = await Promise.all(Array.from({ length: 64 }, () => connect(server.port)))
      for (const wire of wires) {
        wire.send([...stuck(ndjson), length, `\r\n${start}`].join('\r\n'))
        wire.send(' '.repeat(size - 1))
      }
      for (let round = 0; round < 20; round += 1) expect(await postWithKey(url)).toBe(204)
      for (const wire of wires) expect(await wire.ended).toMatch(/^HTTP\/1\.1 413 /)
      expect(await postWithKey(url)).toBe(204)
    },
  )

  it.concurrent('share a part of the memory, and have little time', async () => {
    const { server, url, worker } = await served([], { TRUST_PROXY: '1' })
    const { whole, keyless } = worker.memoryBudgets
    const size = 64 * 1024
    const wires = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const wire = await connect(server.port)
        const head = stuck(ndjson, `198.51.100.${index}`)
        wire.send([...head, `Content-Length: ${size}`, `\r\n${' '.repeat(size - 1)}`].join('\r\n'))
        return wire
      }),
    )
    await eventually(() => expect(keyless.bytes()).toBeGreaterThan(7 * 1024 * 1024))
    expect(whole.bytes()).toBeLessThanOrEqual(8 * 1024 * 1024)
    expect(await postWithKey(url)).toBe(204)
    const said = await Promise.all(wires.map(({ ended }) => ended))
    const answers = new Set(said.map((text) => text.slice(0, 12)))
    expect(answers).toEqual(new Set(['HTTP/1.1 408', 'HTTP/1.1 503']))
    expect([keyless.bytes(), whole.bytes()]).toEqual([0, 0])
    const again = await connect(server.port)
    again.send(postOf(install(), { key: '', headers: ['X-Forwarded-For: 198.51.100.1'] }))
    await again.hears(/^HTTP\/1\.1 204 /)
    again.hangUp()
  })

  it.concurrent('may send an event of 4 KiB, and lines of 64 KiB', async () => {
    const { url } = await served()
    const post = (size: number, type: string) =>
      fetch(`${url}/v1/t`, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: install().padEnd(size),
      }).then(({ status }) => status)
    expect(await post(4096, json)).toBe(204)
    expect(await post(4097, json)).toBe(413)
    expect(await post(65_536, ndjson)).toBe(204)
    expect(await post(65_537, ndjson)).toBe(413)
  })
})

describe('a chunked body', () => {
  it('is stored like any other', async () => {
    const { server, posthog } = await served()
    const bytes = finished()
    const wire = await connect(server.port)
    const half = bytes.length >> 1
    wire.send(headOf({ length: 'chunked' }))
    for (const part of [bytes.slice(0, half), bytes.slice(half)]) {
      wire.send(`${part.length.toString(16)}\r\n${part}\r\n`)
    }
    wire.send('0\r\n\r\n')
    await wire.hears(/^HTTP\/1\.1 204 /)
    expect(posthog.stored.map(({ uuid }) => uuid)).toEqual([uuidOf(bytes)])
    wire.hangUp()
  })

  it('is refused as soon as it passes the limit', async () => {
    const { server, worker } = await served([], { MAX_BODY_BYTES: '4096' })
    const wire = await connect(server.port)
    wire.send(headOf({ length: 'chunked' }))
    const chunk = `400\r\n${' '.repeat(1024)}\r\n`
    for (let round = 0; round < 5; round += 1) wire.send(chunk)
    const said = await wire.ended
    expect(said).toMatch(/^HTTP\/1\.1 413 .*"reason":"size"\}\n$/s)
    expect(worker.memoryBudgets.whole.bytes()).toBe(0)
  })
})

describe('an invalid request', () => {
  it.each([
    ['nonsense\r\n\r\n', 400, 'http'],
    ['GET / HTTP/9.9\r\n\r\n', 400, 'http'],
    ['BREW /v1/t HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'http'],
    [headOf({ length: 10 }).replace('10', 'ten'), 400, 'http'],
    [headOf({ headers: ['Transfer-Encoding: chunked'], length: 10 }), 400, 'http'],
    [headOf({ headers: [`X-Long: ${'x'.repeat(20_000)}`] }), 431, 'header'],
    [headOf({ key: 'x'.repeat(20_000) }), 431, 'header'],
  ])('%#: %.30j is answered %i', async (text, status, reason) => {
    const { server } = await served()
    const wire = await connect(server.port)
    wire.send(text)
    const said = await wire.ended
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"reason":"${reason}"`, 's'))
  })

  it.each([
    ['GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n', 404],
    ['PATCH /v1/t HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    ['HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 200],
    ['POST http://x/nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 404],
    ['GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', 404],
  ])('%j is answered %i', async (text, status) => {
    const { server } = await served()
    const wire = await connect(server.port)
    wire.send(text)
    expect(await wire.hears(/\r\n\r\n/)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    wire.hangUp()
  })
})

describe('one connection', () => {
  it('may carry many pipelined requests, good and bad', async () => {
    const { server, posthog } = await served()
    const wire = await connect(server.port)
    const bad = finished().replace('"os":"linux"', '"os":"lunch"')
    const requests = Array.from({ length: 60 }, (_, index) =>
      postOf(index % 3 === 1 ? bad : finished()),
    )
    wire.send(requests.join(''))
    const said = await wire.hears(/HTTP/, 60)
    const statuses = [...said.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(
      Array.from({ length: 60 }, (_, index) => (index % 3 === 1 ? '400' : '204')),
    )
    expect(posthog.stored).toHaveLength(40)
    wire.hangUp()
  })

  it('that breaks off leaks no memory', async () => {
    const { server, posthog, worker } = await served()
    const wire = await connect(server.port)
    wire.send(postOf(finished()).slice(0, -5))
    await expect.poll(() => worker.memoryBudgets.whole.bytes()).toBeGreaterThan(0)
    wire.hangUp()
    await expect.poll(() => worker.memoryBudgets.whole.bytes()).toBe(0)
    expect(posthog.batches).toEqual([])
  })
})

describe('the log, PostHog and the metrics', () => {
  it('contain no address, key, id or free text', async () => {
    const { url, logged, posthog, worker } = await served([200, 500, 200], { TRUST_PROXY: '1' })
    const secrets = [
      '203.0.113.77',
      '127.0.0.1',
      key,
      'wrong-key',
      'alice',
      'phc_test',
      uuidOf(finished()),
    ]
    const bytes = finished()
    const post = (body: string, sent: string, type = json) =>
      fetch(`${url}/v1/t?who=alice`, {
        method: 'POST',
        headers: {
          'Content-Type': type,
          'x-telemetry-key': sent,
          'X-Forwarded-For': '203.0.113.77',
          'User-Agent': 'alice',
          Referer: 'http://alice.invalid',
        },
        body,
      })
    await post(bytes, key)
    await post(finished(), key)
    await post(finished(), 'wrong-key')
    await post('{"alice":1,"alice":2}', key)
    await post('{"event_label":"alice"}', key)
    await post(install({ cid: undefined }), key, ndjson)
    worker.log.close()
    const text = logged.text()
    expect(text).toContain('run=script • jit=on • gpu=on')
    for (const secret of [...secrets, uuidOf(bytes)]) {
      expect(text).not.toContain(secret)
      if (secret !== uuidOf(bytes) && secret !== 'phc_test') {
        expect(JSON.stringify(posthog.batches)).not.toContain(secret)
      }
    }
    const metrics = await (await fetch(`${url}/metrics`)).text()
    for (const secret of [...secrets, uuidOf(bytes)]) expect(metrics).not.toContain(secret)
  })
})
