import { describe, expect, it } from 'vitest'

import { events, key, linesAt, openStage, sendAll } from './stage.ts'

const stage = openStage()

describe('the forwarder on SIGTERM', () => {
  it('delivers everything sent before, including what the kernel holds', async () => {
    const worker = await stage.collector({ answer: { status: 204, afterMs: 50 } })
    const forwarder = await stage.forwarder(worker.url, {
      FORWARDER_BATCH_EVENTS: '20',
      FORWARDER_BATCH_DELAY_MS: '5000',
      FORWARDER_DRAIN_MS: '9500',
    })
    const sent = events(505)
    forwarder.signal('SIGSTOP')
    await sendAll(forwarder.port, sent)
    forwarder.signal('SIGTERM')
    forwarder.signal('SIGCONT')
    expect(await forwarder.ended).toMatchObject({ code: 0, err: '' })
    expect(linesAt(worker).toSorted()).toEqual([...sent].sort())
    expect(forwarder.log.at(-1)).toMatchObject({ msg: 'stopped', received: 505, forwarded: 505 })
  })

  it('waits for a worker that comes back, despite its Retry-After', async () => {
    const worker = await stage.collector({
      answer: { status: 503, headers: { 'retry-after': 120 } },
    })
    const forwarder = await stage.forwarder(worker.url)
    await sendAll(forwarder.port, events(10))
    await forwarder.until((seen) => seen['worker_reached'] === 0)
    const ended = forwarder.end()
    const before = worker.requests
    await worker.received(before + 1)
    worker.setAnswer(204)
    expect((await ended).code).toBe(0)
    expect(forwarder.log.at(-1)).toMatchObject({ msg: 'stopped', forwarded: 10 })
  })

  it('ends in time without a worker and logs what is lost', async () => {
    const worker = await stage.collector({ answer: { hang: 'before headers' } })
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_DRAIN_MS: '400' })
    await sendAll(forwarder.port, events(10))
    await worker.received(1)
    const start = performance.now()
    expect((await forwarder.end()).code).toBe(0)
    expect(performance.now() - start).toBeLessThan(5000)
    expect(forwarder.log.at(-1)).toMatchObject({ level: 50, lost: 10 })
  })

  it('ends at once if nothing is left, even with open connections', async () => {
    const worker = await stage.collector()
    const forwarder = await stage.forwarder(worker.url)
    await fetch(`${forwarder.health}/metrics`)
    expect(await forwarder.end()).toMatchObject({ code: 0, err: '' })
  })
})

describe('the forwarder’s log', () => {
  it('contains no address, no key and nothing of an event', async () => {
    const worker = await stage.collector({ answer: 503 })
    const forwarder = await stage.forwarder(worker.url, { FORWARDER_DRAIN_MS: '200' })
    await sendAll(forwarder.port, [...events(3), 'nonsense'])
    await forwarder.until((seen) => seen['worker_reached'] === 0)
    await forwarder.end()
    const text = JSON.stringify(forwarder.log)
    for (const secret of [key, '127.0.0.1', '::1', 'nonsense', '{\\"event']) {
      expect(text).not.toContain(secret)
    }
    expect(forwarder.log.map(({ msg }) => msg)).toContain(
      'the worker does not take events; they wait',
    )
  })
})
