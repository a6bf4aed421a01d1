import { describe, expect, it } from 'vitest'

import {
  afterFailure,
  afterSuccess,
  type CircuitState,
  closedCircuit,
} from '../../../infra/common/src/circuit-breaker.ts'
import { SettingsError } from '../../../infra/common/src/environment.ts'
import { parseRetryAfter } from '../../../src/contract/retry-after.ts'
import { decideBatch } from '../../../infra/udp-forwarder/src/batch-decision.ts'
import { backOff, postsAllowed } from '../../../infra/udp-forwarder/src/forwarder.ts'
import { socketsIn } from '../../../infra/udp-forwarder/src/kernel-drops.ts'
import { Queue } from '../../../infra/udp-forwarder/src/queue.ts'
import { readSettings } from '../../../infra/udp-forwarder/src/settings.ts'

describe('the circuit breaker', () => {
  const fail = (
    state: CircuitState,
    startedAt: number,
    now: number,
    retryAfterMs?: number,
  ): CircuitState =>
    afterFailure(
      state,
      { startedAt, now, ...(retryAfterMs !== undefined && { retryAfterMs }) },
      backOff,
      () => 1,
    )

  it('allows one post at a time after a failure', () => {
    const open = fail(closedCircuit, 0, 100)
    expect(open).toEqual({ failures: 1, until: 100 + backOff.firstMs })
    expect(postsAllowed(open, 200, 8)).toBe(0)
    expect(postsAllowed(open, open.until, 8)).toBe(1)
    expect(postsAllowed(afterSuccess(open, open.until), open.until, 8)).toBe(8)
  })

  it('counts posts that fail together as one failure', () => {
    const open = fail(closedCircuit, 0, 100)
    expect(fail(open, 0, 110)).toEqual(open)
    expect(fail(open, open.until, 400).failures).toBe(2)
  })

  it('waits longer after each failure, up to a limit', () => {
    let state = closedCircuit
    for (let round = 0; round < 60; round += 1) state = fail(state, state.until, state.until)
    expect(state.failures).toBe(60)
    expect(fail(state, state.until, state.until).until - state.until).toBe(backOff.mostMs)
  })

  it('stays open for as long as the worker asks, despite older posts', () => {
    const open = fail(closedCircuit, 0, 100, 60_000)
    expect(open.until).toBe(60_100)
    expect(afterSuccess(open, 50)).toEqual(open)
    expect(fail(open, 50, 200).until).toBe(60_100)
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it.each([
    ['3', 3000],
    ['0', 0],
    ['86400', 300_000],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is read as %j ms', (header, wait) =>
    expect(parseRetryAfter(header, now, 300_000)).toBe(wait),
  )
})

describe('an answer about single lines', () => {
  const judge = (status: number, body: unknown, lines = 4) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return decideBatch({ kind: 'answered', status, retryAfterMs: undefined, body: text }, lines)
  }

  it('tells which lines stay and how many are refused', () => {
    const lines = [
      { line: 1, status: 400 },
      { line: 2, status: 503 },
      { line: 3, status: 401 },
    ]
    const verdict = { kind: 'lines', later: new Set([2]), refused: 2, isFault: false }
    expect(judge(207, { stored: 1, lines })).toEqual(verdict)
    expect(judge(503, { stored: 1, lines })).toEqual(verdict)
  })

  it.each([
    ['a line that was not sent', { lines: [{ line: 5, status: 400 }] }],
    ['line 0', { lines: [{ line: 0, status: 400 }] }],
    [
      'a line twice',
      {
        lines: [
          { line: 1, status: 400 },
          { line: 1, status: 503 },
        ],
      },
    ],
    ['no status', { lines: [{ line: 1 }] }],
    ['a sum that is wrong', { stored: 1, lines: [{ line: 1, status: 400 }] }],
    ['none', { lines: [] }],
    ['no JSON', '{"lines":'],
  ])('is not believed if it has %s', (_, body) => {
    expect(judge(207, body)).toEqual({ kind: 'later' })
  })
})

describe('the queue', () => {
  const limits = { queueBytes: 4 * 64, batchBytes: 64, batchEvents: 2 }
  const line = (number: number) => Buffer.from(`{"n":${number}}`)

  it('counts what waits while batches are taken and put back', () => {
    const queue = new Queue(limits)
    for (let number = 0; number < 5; number += 1) expect(queue.push(line(number), 0)).toBe(0)
    expect(queue.events).toBe(5)
    expect(queue.bytes).toBe(5 * 8)
    const batch = queue.take(false)
    if (batch === undefined) throw new Error('nothing to take')
    expect(String(batch.posted.body)).toBe('{"n":0}\n{"n":1}\n')
    expect(queue.events).toBe(3)
    batch.settle(2, (at) => at === 2)
    expect(String(batch.posted.body)).toBe('{"n":1}\n')
    queue.putBack(batch, 'first')
    expect(queue.events).toBe(4)
    expect(queue.take(false)).toBe(batch)
    queue.release(batch)
    expect(queue.take(false)?.lines).toBe(2)
    expect(queue.take(false)).toBeUndefined()
    expect(queue.take(true)?.lines).toBe(1)
    expect(queue.events).toBe(0)
    expect(queue.bytes).toBe(0)
  })

  it('drops the oldest events and takes no more memory', () => {
    const queue = new Queue(limits)
    let gaveWay = 0
    for (let number = 0; number < 1000; number += 1) gaveWay += queue.push(line(number), 0)
    expect(gaveWay + queue.events).toBe(1000)
    expect(queue.events).toBe(8)
    expect(String(queue.take(false)?.posted.body)).toBe('{"n":992}\n{"n":993}\n')
  })

  it('merges small batches before it drops anything', () => {
    const queue = new Queue(limits)
    const small = [0, 1, 2].map((number) => {
      queue.push(line(number), 0)
      return queue.take(true)
    })
    for (const batch of small) if (batch !== undefined) queue.putBack(batch, 'first')
    for (let number = 3; number < 7; number += 1) expect(queue.push(line(number), 0)).toBe(0)
    expect(queue.events).toBe(7)
    expect(queue.push(line(7), 0)).toBe(2)
    expect(queue.events).toBe(6)
    expect(queue.bytes).toBe(6 * 8)
  })

  it('posts a share of a batch and then the rest', () => {
    const queue = new Queue({ ...limits, batchBytes: 128, queueBytes: 512, batchEvents: 8 })
    for (let number = 0; number < 6; number += 1) queue.push(line(number), 0)
    const batch = queue.take(true)
    if (batch === undefined) throw new Error('nothing to take')
    batch.share = 2
    expect(batch.posted.lines).toBe(2)
    expect(String(batch.posted.body)).toBe('{"n":0}\n{"n":1}\n')
    batch.settle(2)
    batch.share = 100
    expect(String(batch.posted.body)).toBe('{"n":2}\n{"n":3}\n{"n":4}\n{"n":5}\n')
    batch.settle(4, (at) => at % 2 === 0)
    expect(String(batch.posted.body)).toBe('{"n":3}\n{"n":5}\n')
  })
})

describe('the forwarder’s settings', () => {
  const given = {
    TELEMETRY_HTTP_ENDPOINT: 'https://telemetry.example.invalid/ingest',
    TELEMETRY_INGESTION_KEY: 'key',
  }
  const faultsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
    try {
      readSettings({ ...given, ...env })
      return []
    } catch (error) {
      return (error as SettingsError).faults
    }
  }

  it('default to RunMat’s ports', () => {
    expect(readSettings(given)).toMatchObject({ udpPort: 7846, healthPort: 9000, concurrency: 8 })
  })

  it.each([
    ['http://telemetry.example.invalid/ingest', 1],
    ['http://user:secret@127.0.0.1/', 1],
    ['telemetry', 1],
    ['', 1],
    ['http://127.0.0.1:8080/ingest', 0],
    ['http://[::1]:8080/ingest', 0],
    ['http://worker:8080/ingest', 0],
  ])('accept or refuse the endpoint %j', (endpoint, faults) => {
    expect(faultsOf({ TELEMETRY_HTTP_ENDPOINT: endpoint })).toHaveLength(faults)
  })

  it('need a key or ALLOW_KEYLESS', () => {
    expect(faultsOf({ TELEMETRY_INGESTION_KEY: '' })).toHaveLength(1)
    expect(faultsOf({ TELEMETRY_INGESTION_KEY: '', ALLOW_KEYLESS: '1' })).toEqual([])
    expect(faultsOf({ ALLOW_KEYLESS: 'yes' })).toHaveLength(1)
    expect(faultsOf({ TELEMETRY_INGESTION_KEY: 'one,two' })).toHaveLength(1)
  })

  it('are refused if they contradict each other', () => {
    expect(faultsOf({ FORWARDER_BATCH_BYTES: '1024' })).toHaveLength(1)
    expect(faultsOf({ FORWARDER_QUEUE_BYTES: '16384' })).toHaveLength(1)
  })
})

describe('/proc/net/udp', () => {
  it('is parsed by its columns', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1234: 00000000:1EA6 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 98765 2 0000000000000000 42
`
    expect(socketsIn(table)).toEqual([{ port: 7846, inode: '98765', drops: 42 }])
  })
})
