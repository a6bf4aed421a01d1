import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { describe, expect, it, onTestFinished } from 'vitest'

import { makeCertificates } from '../../support/tls.ts'
import { events, key, linesAt, type Metrics, openStage, send, sendAll } from './stage.ts'

const stage = openStage()

/** Sums over all reasons or families. */
function sum(seen: Metrics, name: string): number {
  const samples = Object.entries(seen).filter(([sample]) => sample.startsWith(`${name}{`))
  return samples.reduce((total, [, value]) => total + value, 0)
}

describe('the forwarder', () => {
  it('posts IPv4 and IPv6 datagrams to the worker unchanged', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url)
    await sendAll(forwarder.port, ['{"event":1,"name":"Ünï 🚀"}'], 'ipv4')
    await sendAll(forwarder.port, ['{"event":2}'], 'ipv6')
    const metrics = await forwarder.until((seen) => seen['events_forwarded_total'] === 2)
    expect(linesAt(worker).toSorted()).toEqual(['{"event":1,"name":"Ünï 🚀"}', '{"event":2}'])
    expect(metrics).toMatchObject({
      'datagrams_received_total{family="ipv4"}': 1,
      'datagrams_received_total{family="ipv6"}': 1,
      events_waiting: 0,
      events_under_way: 0,
      worker_reached: 1,
    })
    const [post] = worker.events
    expect(post).toMatchObject({
      method: 'POST',
      path: '/v1/t',
      headers: { 'content-type': 'application/x-ndjson', 'x-telemetry-key': key },
    })
  })

  it('posts many events at a time over kept-alive connections', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_BATCH_EVENTS: '50' })
    const sent = events(1000)
    await sendAll(forwarder.port, sent)
    await forwarder.until((seen) => seen['events_forwarded_total'] === 1000)
    expect(linesAt(worker).toSorted()).toEqual([...sent].sort())
    expect(worker.requests).toBeLessThan(500)
    expect(worker.connections).toBeLessThanOrEqual(8)
    expect(Math.max(...worker.events.map(({ text }) => text.split('\n').length - 1))).toBe(50)
  })

  it('keeps batches within their bounds', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url, {
      FORWARDER_BATCH_BYTES: '1024',
      FORWARDER_MAX_DATAGRAM_BYTES: '1000',
      FORWARDER_BATCH_DELAY_MS: '200',
    })
    const sent = events(300).map((event) => event.replace('}', `,"pad":"${'x'.repeat(100)}"}`))
    await sendAll(forwarder.port, sent)
    await forwarder.until((seen) => seen['events_forwarded_total'] === 300)
    expect(Math.max(...worker.events.map(({ text }) => text.length))).toBeLessThanOrEqual(1024)
    expect(linesAt(worker).toSorted()).toEqual([...sent].sort())
  })

  it('counts malformed datagrams by reason and answers none', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_MAX_DATAGRAM_BYTES: '2000' })
    const sender = await send(forwarder.port, [
      '',
      'x'.repeat(2001),
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.concat([Buffer.from([0xc0, 0x80]), randomBytes(100)]),
      '[1]',
      '"text"',
      '{"half":',
      '{"one":1}{"two":2}',
      '{"one":1}\n{"two":2}',
      '{"one":1}\r\n{"two":2}\r\n',
      '{"text":"a\nb"}',
      `{"deep":${'['.repeat(40)}${']'.repeat(40)}}`,
      `{"deep":${'['.repeat(1900)}`,
      // Anybody can send a datagram, and the forwarder's key is good for erasing.
      '{"event_label":"telemetry.erase","cid":"eac98648-3b42-41c7-a887-7452dd08cbf0"}',
      '{"event":"erase", "events":["eac98648-3b42-41c7-a887-7452dd08cbf0"]}',
      '{"event":1}',
    ])
    const metrics = await forwarder.until((seen) => seen['events_forwarded_total'] === 1)
    expect(metrics).toMatchObject({
      'datagrams_received_total{family="ipv4"}': 16,
      'datagrams_malformed_total{reason="empty"}': 1,
      'datagrams_malformed_total{reason="oversized"}': 1,
      'datagrams_malformed_total{reason="not utf-8"}': 2,
      'datagrams_malformed_total{reason="not json"}': 7,
      'datagrams_malformed_total{reason="nested"}': 2,
      'datagrams_malformed_total{reason="erasure"}': 2,
    })
    expect(linesAt(worker)).toEqual(['{"event":1}'])
    await forwarder.end()
    expect(sender.answers()).toBe(0)
    sender.close()
  })

  it('counts a flood of malformed datagrams in bounded memory', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url)
    const nonsense = ['', '[]', '{"half":', 'x'.repeat(9000), Buffer.alloc(500, 0xff)]
    const each = Array.from({ length: 500 }, (_, index) => nonsense[index % nonsense.length] ?? '')
    const senders = await Promise.all(Array.from({ length: 40 }, () => send(forwarder.port, each)))
    const counted = (seen: Metrics): number =>
      sum(seen, 'datagrams_malformed_total') + (seen['datagrams_dropped_by_kernel_total'] ?? 0)
    await forwarder.until((seen) => counted(seen) === 20_000)
    await sendAll(forwarder.port, ['{"event":1}'])
    await forwarder.until((seen) => seen['events_forwarded_total'] === 1)
    const status = readFileSync(`/proc/${forwarder.pid}/status`, 'utf8')
    expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024).toBeLessThan(150)
    await forwarder.end()
    expect(senders.map(({ answers }) => answers())).toEqual(senders.map(() => 0))
    for (const { close } of senders) close()
  })

  it('posts over TLS only to a worker whose authority it trusts', async () => {
    const { caFile, remove, ...tls } = await makeCertificates()
    onTestFinished(remove)
    const worker = await stage.collector({ tls })
    const wary = await stage.forwarder(worker.url)
    await sendAll(wary.port, ['{"event":1}'])
    const kept = await wary.until((seen) => (seen['posts_failed_total{reason="tls"}'] ?? 0) > 0)
    expect(kept).toMatchObject({ events_forwarded_total: 0, events_waiting: 1 })
    expect(worker.events).toEqual([])
    const knowing = await stage.forwarder(worker.url, { NODE_EXTRA_CA_CERTS: caFile })
    await sendAll(knowing.port, ['{"event":2}'])
    await knowing.until((seen) => seen['events_forwarded_total'] === 1)
    expect(linesAt(worker)).toEqual(['{"event":2}'])
  })

  it('turns an event written on several lines into one', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url)
    await sendAll(forwarder.port, ['{\r\n  "event": 1,\n  "text": "a\\nb"\n}\n'])
    await forwarder.until((seen) => seen['events_forwarded_total'] === 1)
    const lines = linesAt(worker)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toEqual({ event: 1, text: 'a\nb' })
    expect(lines[0]).not.toContain('\r')
  })

  it('counts datagrams that the kernel drops separately', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_RECEIVE_BUFFER_BYTES: '4096' })
    forwarder.signal('SIGSTOP')
    await sendAll(forwarder.port, events(500))
    forwarder.signal('SIGCONT')
    const dropped = (seen: Readonly<Record<string, number>>): number =>
      seen['datagrams_dropped_by_kernel_total'] ?? 0
    const metrics = await forwarder.until(
      (seen) => dropped(seen) > 0 && dropped(seen) + (seen['events_forwarded_total'] ?? 0) === 500,
    )
    expect(metrics['datagrams_received_total{family="ipv4"}']).toBe(500 - dropped(metrics))
    await forwarder.end()
    expect(forwarder.log).toContainEqual(expect.objectContaining({ kernelDrops: dropped(metrics) }))
  })
})
