import path from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import type { Behaviour, Collector } from '../support/collector.ts'
import { fillQueue, queueContent, type QueuedEvent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { host as runHost, runStage } from '../runs/stage.ts'
import { cli, cliJson } from '../support/run.ts'
import { type Certificates, makeCertificates } from '../support/tls.ts'
import {
  cleanUpLater,
  collectorFor,
  faultHome,
  hastyUploader,
  host,
  idsAt,
  sendTo,
  settle,
  stage,
  uploader,
  uploadsOf,
} from './stage.ts'

/** Runs an uploader into trouble, and sees that every event is where it was, as it was. */
async function keepsAll(home: Home, result: RegExp, env = {}): Promise<readonly QueuedEvent[]> {
  const events = fillQueue(home, 3)
  const before = queueContent(home)
  const ended = await (result === timeout
    ? hastyUploader(home, { postTimeoutMs: 300 }, { env })
    : uploader(home, { env }))
  expect(ended).toEqual({ code: 0, signal: null, out: '', err: '' })
  expect(queueContent(home)).toEqual(before)
  expect(uploadsOf(home).last_result).toMatch(result)
  expect(onRecord(home, true)).toEqual([])
  const bytes = events.map((event) => event.bytes)
  expect(bytes).toEqual(expect.arrayContaining([...onRecord(home, false)]))
  return events
}

/** The events of the ledger that were confirmed, or were not. */
function onRecord(home: Home, isConfirmed: boolean): readonly string[] {
  const ledger = path.join(home.state, 'sent.ndjson')
  if (!home.has(ledger)) return []
  return home
    .read(ledger)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: unknown; confirmed: boolean })
    .filter(({ confirmed }) => confirmed === isConfirmed)
    .map(({ event }) => JSON.stringify(event))
}

/** Delivers to the same collector when it has come to its senses, every event once. */
async function deliversAll(
  home: Home,
  collector: Collector,
  events: readonly QueuedEvent[],
  env = {},
): Promise<void> {
  const seen = collector.events.length
  collector.setAnswer(204)
  expect(await cliJson(home, ['upload'], { env })).toEqual({
    attempted: 3,
    delivered: 3,
    kept: 0,
    reason: null,
    next_attempt: null,
  })
  expect(queueContent(home)).toEqual({})
  const bodies = collector.events.slice(seen).map(({ text }) => text)
  expect(bodies.toSorted()).toEqual(events.map(({ bytes }) => bytes).toSorted())
  expect(onRecord(home, true).toSorted()).toEqual(bodies.toSorted())
}

const timeout = /^failed: timeout$/
const reset = /^failed: reset$/

describe.concurrent('no event is lost, changed or sent twice if the collector', () => {
  const statuses = [
    200, 201, 202, 205, 206, 299, 300, 304, 400, 401, 403, 404, 408, 413, 422, 500, 502, 503, 504,
  ]
  const behaviours: [string, Behaviour, RegExp][] = [
    ...statuses.map((status): [string, Behaviour, RegExp] => [
      `answers ${status}`,
      status,
      new RegExp(`^the collector answered ${status}$`),
    ]),
    ['hangs before the headers', { hang: 'before headers' }, timeout],
    ['hangs within the headers of a 204', { hang: 'in headers', status: 204 }, timeout],
    ['hangs within the body', { hang: 'in body' }, timeout],
    ['drips the headers of a 204', { drip: 'headers', everyMs: 5, status: 204 }, timeout],
    ['drips a body', { drip: 'body', everyMs: 5 }, timeout],
    ['resets', 'reset', reset],
    ['closes', 'close', reset],
    ['closes within the headers of a 204', { raw: 'HTTP/1.1 204 No', end: true }, reset],
    ['speaks another language', { raw: 'SSH-2.0-OpenSSH_9.9\r\n' }, /^failed: protocol$/],
    ['says 204 in its body', { status: 200, body: 'HTTP/1.1 204 No Content\r\n\r\n' }, /200$/],
  ]
  it.each(behaviours)('%s', async (_, behaviour, result) => {
    const { home, collector } = await stage({ answer: behaviour })
    const events = await keepsAll(home, result)
    expect(collector.events.length).toBeGreaterThan(0)
    const arrived = collector.events.map(({ text }) => text)
    expect(onRecord(home, false)).toEqual(expect.arrayContaining(arrived))
    // Not one was tried twice by the same uploader.
    expect(new Set(idsAt(collector)).size).toBe(collector.events.length)
    await deliversAll(home, collector, events)
  })

  it.each([301, 302, 303, 307, 308])('answers %i with another location', async (status) => {
    const elsewhere = await collectorFor()
    const headers = { Location: elsewhere.url }
    const { home, collector } = await stage({ answer: { status, headers } })
    const events = await keepsAll(home, new RegExp(`answered ${status}$`))
    await deliversAll(home, collector, events)
    expect(elsewhere.connections).toBe(0)
  })
})

describe.concurrent('a collector that accepts events without confirming them', () => {
  it('gets them again a day later, or when a person uploads', async () => {
    const { home, collector } = await stage({ answer: 202 })
    await keepsAll(home, /^the collector answered 202$/)
    const { unconfirmed, next_attempt, last_attempt, failures } = uploadsOf(home)
    expect({ unconfirmed, failures }).toEqual({
      unconfirmed: { status: 202, until: next_attempt },
      failures: 0,
    })
    const waitMs = Date.parse(next_attempt ?? '') - Date.parse(last_attempt ?? '')
    expect(Math.abs(waitMs - 24 * 60 * 60 * 1000)).toBeLessThan(1000)
    const seen = collector.requests
    await uploader(home)
    expect(collector.requests).toBe(seen)
    collector.setAnswer(204)
    expect(await cliJson(home, ['upload'])).toMatchObject({ delivered: 3, next_attempt: null })
    expect(uploadsOf(home).unconfirmed).toBeNull()
  })

  it('gets one live post at most within that day', async () => {
    const { home, collector } = await runStage({ answer: 202 }, 'drain_timeout_ms = 5000\n')
    await runHost(home, {})
    const seen = collector.requests
    expect(seen).toBeGreaterThan(0)
    expect(uploadsOf(home).unconfirmed).toMatchObject({ status: 202 })
    await runHost(home, {})
    await uploader(home)
    await nothingRuns(home)
    expect(collector.requests).toBe(seen)
    expect(Object.keys(queueContent(home))).toHaveLength(4)
  })
})

describe.concurrent('an answer of 410', () => {
  it('deletes the queue and stops this version of the host, but not the next', async () => {
    const { home, collector } = await stage({ answer: 410 })
    settle(home, { version: '1.0.0', sequence: 3 })
    fillQueue(home, 3)
    await uploader(home)
    expect(queueContent(home)).toEqual({})
    expect(uploadsOf(home)).toMatchObject({ gone: { version: '1.0.0' }, next_attempt: null })
    const seen = collector.requests
    collector.setAnswer(204)
    fillQueue(home, 1, 9)
    await uploader(home)
    expect(await cliJson(home, ['status'])).toMatchObject({ queue: { events: 1 } })
    expect((await cli(home, ['upload'])).code).toBe(1)
    expect(collector.requests).toBe(seen)
    await host(home, { version: '2.0.0', steps: [['count', 'run'], ['close']] })
    await nothingRuns(home)
    expect(queueContent(home)).toEqual({})
    expect(collector.requests).toBeGreaterThan(seen)
  })

  it('holds for each version and address that got it, whatever others are told later', async () => {
    const { home, collector } = await stage({ answer: 410 })
    const other = await collectorFor({ answer: 204 })
    const version = async (name: string) => {
      settle(home, { version: name, sequence: 3 })
      fillQueue(home, 1)
      await uploader(home)
    }
    await version('1.0.0')
    await version('2.0.0')
    const seen = collector.requests
    collector.setAnswer(204)
    await version('1.0.0')
    await cli(home, ['endpoint', other.url])
    await version('2.0.0')
    expect(other.requests).toBe(1)
    await cli(home, ['endpoint', collector.url])
    await version('1.0.0')
    await version('2.0.0')
    expect(collector.requests).toBe(seen)
    await version('3.0.0')
    const after = collector.requests
    expect(after).toBeGreaterThan(seen)
    await version('2.0.0')
    expect(collector.requests).toBe(after)
  })

  it.each([
    ['posts that were under way together get it', '1.0.0'],
    ['the version is longer than any', `1.0.0-${'x'.repeat(300)}`],
  ])('is remembered once, even if %s', async (_, version) => {
    const { home, collector } = await runStage(
      { answer: { status: 410, afterMs: 300 } },
      'drain_timeout_ms = 5000\n',
    )
    await runHost(home, { runs: 2, version })
    expect(collector.requests).toBe(4)
    expect(uploadsOf(home)).toMatchObject({ gone: { endpoint: collector.url }, gone_before: [] })
    await runHost(home, { version })
    expect(collector.requests).toBe(4)
  })

  it('promises nothing of the next version where sending is turned off, too', async () => {
    const { home } = await stage({ answer: 410 })
    settle(home, { version: '1.0.0', sequence: 3 })
    fillQueue(home, 1)
    await uploader(home)
    const next = 'The next version of RunMat may send again.'
    expect((await cli(home, ['status'])).out).toContain(next)
    expect((await cli(home, ['local'])).out).not.toContain(next)
    const { out } = await cli(home, ['status'])
    expect(out).toContain('Also: Sending is turned off in ')
    expect(out).not.toContain(next)
  })
})

describe.concurrent('no event is lost, changed or sent twice if', () => {
  let good: Certificates
  let expired: Certificates

  beforeAll(async () => {
    ;[good, expired] = await Promise.all([makeCertificates(), makeCertificates({ expired: true })])
    cleanUpLater(good.remove)
    cleanUpLater(expired.remove)
  })

  it("the collector's certificate is from an unknown authority", async () => {
    const { home, collector } = await stage({ tls: good })
    // A variable that makes Node trust everybody must not make us.
    const events = await keepsAll(home, /^failed: certificate$/, {
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_NO_WARNINGS: '1',
    })
    expect(collector.requests).toBe(0)
    await deliversAll(home, collector, events, { NODE_EXTRA_CA_CERTS: good.caFile })
  })

  it("the collector's certificate has expired", async () => {
    const { home, collector } = await stage({ tls: expired })
    await keepsAll(home, /^failed: certificate$/, { NODE_EXTRA_CA_CERTS: expired.caFile })
    expect(collector.requests).toBe(0)
  })

  it('the collector speaks no TLS', async () => {
    const { home, collector } = await stage()
    sendTo(home, collector.url.replace('http:', 'https:'))
    const events = await keepsAll(home, /^failed: (tls|protocol|reset)$/)
    expect(collector.requests).toBe(0)
    sendTo(home, collector.url)
    await deliversAll(home, collector, events)
  })

  it("the collector's name does not resolve", async () => {
    const home = faultHome()
    sendTo(home, 'https://collector.invalid/v1/t')
    const events = await keepsAll(home, /^failed: name not found$/)
    const collector = await collectorFor()
    sendTo(home, collector.url)
    await deliversAll(home, collector, events)
    expect(collector.requests).toBe(3)
  })

  it('the connection is refused', async () => {
    const { home, collector } = await stage()
    await collector.stop()
    const events = await keepsAll(home, /^failed: refused$/)
    const again = await collectorFor({ port: collector.port })
    await deliversAll(home, again, events)
    expect(again.requests).toBe(3)
  })
})
