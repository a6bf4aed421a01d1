import { describe, expect, it } from 'vitest'

import type { Answer } from '../../support/collector.ts'
import { events, linesAt, linesIn, linesOf, openStage, sendAll } from './stage.ts'

const stage = openStage()

/** An address where nothing listens. */
async function deadEnd(): Promise<{ readonly url: string; readonly port: number }> {
  const { url, port, stop } = await stage.collector()
  await stop()
  return { url, port }
}

describe('while the worker is away', () => {
  it('events wait and all arrive once it is back', async () => {
    const { url, port } = await deadEnd()
    const forwarder = await stage.forwarder(url)
    const sent = events(2000)
    await sendAll(forwarder.port, sent)
    const away = await forwarder.until(
      (seen) =>
        (seen['posts_failed_total{reason="refused"}'] ?? 0) >= 2 && seen['events_waiting'] === 2000,
    )
    expect(away).toMatchObject({ worker_reached: 0, events_forwarded_total: 0 })
    expect((await fetch(`${forwarder.health}/readyz`)).status).toBe(503)
    expect((await fetch(`${forwarder.health}/healthz`)).status).toBe(200)

    const worker = await stage.collector({ port })
    await forwarder.until((seen) => seen['events_forwarded_total'] === 2000)
    expect(linesAt(worker).toSorted()).toEqual([...sent].sort())
    expect((await fetch(`${forwarder.health}/readyz`)).status).toBe(200)
  })

  it('the oldest events are dropped and counted when the queue is full', async () => {
    const { url, port } = await deadEnd()
    const forwarder = await stage.forwarder(url, {
      FORWARDER_CONCURRENCY: '1',
      FORWARDER_BATCH_EVENTS: '10',
      FORWARDER_BATCH_BYTES: '2048',
      FORWARDER_MAX_DATAGRAM_BYTES: '1024',
      FORWARDER_QUEUE_BYTES: String(8 * 2048),
    })
    const sent = events(1000)
    await sendAll(forwarder.port, sent)
    const away = await forwarder.until(
      (seen) => (seen['events_given_way_total'] ?? 0) + (seen['events_waiting'] ?? 0) === 1000,
    )
    const kept = away['events_waiting'] ?? 0
    expect(kept).toBeGreaterThanOrEqual(60)
    expect(kept).toBeLessThanOrEqual(80)

    const worker = await stage.collector({ port })
    await forwarder.until((seen) => seen['events_forwarded_total'] === kept)
    expect(linesAt(worker).toSorted()).toEqual(sent.slice(-kept).toSorted())
  })

  it('a worker killed mid-batch gets every unconfirmed event again', async () => {
    const file = stage.file('taken.ndjson')
    const first = await stage.worker(file)
    const forwarder = await stage.forwarder(first.url, { FORWARDER_BATCH_EVENTS: '5' })
    const sent = events(600)
    await sendAll(forwarder.port, sent.slice(0, 300))
    await forwarder.until((seen) => (seen['events_forwarded_total'] ?? 0) > 20)
    await Promise.all([first.kill(), sendAll(forwarder.port, sent.slice(300))])
    await forwarder.until((seen) => seen['worker_reached'] === 0)
    await stage.worker(file, first.port)
    await forwarder.until((seen) => seen['events_forwarded_total'] === 600)
    expect([...new Set(linesIn(file))].sort()).toEqual([...sent].sort())
  })
})

const answers: readonly (readonly [Answer, string])[] = [
  [401, 'status 401'],
  [403, 'status 403'],
  [404, 'status 404'],
  [429, 'status 429'],
  [500, 'status 500'],
  [{ status: 503, headers: { 'retry-after': '0' } }, 'status 503'],
  // It confirms nothing.
  [200, 'status 200'],
  [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'status 302'],
  [{ hang: 'before headers' }, 'timeout'],
  [{ hang: 'in headers' }, 'timeout'],
  [{ drip: 'body', everyMs: 20 }, 'timeout'],
  ['reset', 'reset'],
  ['close', 'reset'],
  [{ raw: 'nonsense\r\n\r\n', end: true }, 'reset'],
]

describe('an answer of the worker', () => {
  it('other than 204 keeps the events until a later post succeeds', async () => {
    const worker = await stage.collector()
    // Long enough for a collector on a busy machine: a 204 that is too late would be a failure, too.
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_POST_TIMEOUT_MS: '1000' })
    for (const [index, [answer, reason]] of answers.entries()) {
      const failed = `posts_failed_total{reason="${reason}"}`
      const before = (await forwarder.metrics())[failed] ?? 0
      worker.setAnswer(answer)
      const sent = events(3, index * 3)
      await sendAll(forwarder.port, sent)
      await forwarder.until((seen) => (seen[failed] ?? 0) > before)
      const posts = worker.events.length
      worker.setAnswer(204)
      await forwarder.until((seen) => seen['events_forwarded_total'] === (index + 1) * 3)
      const stored = worker.events.slice(posts).flatMap(({ text }) => linesOf(text))
      expect({ reason, stored: stored.toSorted() }).toEqual({ reason, stored: sent.toSorted() })
    }
    expect((await forwarder.metrics())['events_refused_total']).toBe(0)
  })

  it('with Retry-After delays the next post', async () => {
    const worker = await stage.collector({ answer: { status: 429, headers: { 'retry-after': 1 } } })
    const forwarder = await stage.forwarder(worker.url)
    await sendAll(forwarder.port, events(1))
    await worker.received(1)
    worker.setAnswer(204)
    await sendAll(forwarder.port, events(1, 2))
    await forwarder.until((seen) => seen['events_forwarded_total'] === 2)
    const [first, second] = worker.events
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it('of 413 shrinks the batches until a single event is refused', async () => {
    const tooLarge = (text: string): boolean => linesOf(text).length > 3 || text.includes(':7}')
    const worker = await stage.collector({
      answer: ({ text }) => (tooLarge(text) ? 413 : 204),
    })
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_BATCH_DELAY_MS: '100' })
    await sendAll(forwarder.port, events(20))
    const metrics = await forwarder.until((seen) => seen['events_forwarded_total'] === 19)
    expect(metrics['events_refused_total']).toBe(1)
    const stored = worker.events.filter(({ text }) => !tooLarge(text))
    expect(stored.flatMap(({ text }) => linesOf(text)).toSorted()).toEqual(
      [...events(6), ...events(13, 8)].sort(),
    )
  })

  it('about single lines drops refused events and keeps those for later', async () => {
    const worker = await stage.collector({
      answer: ({ text }) => {
        const lines = linesOf(text)
        const open = lines.flatMap((line, index) => {
          if (line === '{"event":2}') return [{ line: index + 1, status: 400, reason: 'field' }]
          if (line === '{"event":4}') return [{ line: index + 1, status: 503, reason: 'away' }]
          return []
        })
        if (open.length === 0) return 204
        const body = { error: 'some', reason: 'lines', stored: lines.length - open.length }
        return { status: 207, body: JSON.stringify({ ...body, lines: open }) }
      },
    })
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_BATCH_DELAY_MS: '100' })
    await sendAll(forwarder.port, events(5))
    const metrics = await forwarder.until(
      (seen) => (seen['posts_failed_total{reason="status 207"}'] ?? 0) > 0,
    )
    expect(metrics).toMatchObject({
      events_forwarded_total: 3,
      events_refused_total: 1,
      events_waiting: 1,
    })
    const before = worker.events.length
    worker.setAnswer(204)
    await forwarder.until((seen) => seen['events_forwarded_total'] === 4)
    const last = worker.events.at(-1)?.text
    expect(worker.events.length).toBeGreaterThan(before)
    expect(last).toBe('{"event":4}\n')
  })

  it('of 500 to one event alone drops that event and no other', async () => {
    const worker = await stage.collector({
      answer: ({ text }) => (text.includes(':3}') ? 500 : 204),
    })
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_BATCH_EVENTS: '1' })
    // Other events show whether the worker or this event is at fault.
    await sendAll(forwarder.port, events(3))
    for (const first of [4, 6, 8]) {
      await forwarder.until((seen) => seen['events_forwarded_total'] === first - 2)
      await sendAll(forwarder.port, events(2, first))
    }
    await forwarder.until((seen) => seen['events_refused_total'] === 1)
    expect(await forwarder.metrics()).toMatchObject({ events_refused_total: 1 })
  })
})
