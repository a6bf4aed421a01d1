import { describe, expect, it } from 'vitest'

import { startProxy } from '../support/proxy.ts'
import { outcomesInChild, postInChild } from './child.ts'
import { forNow, stage } from './stage.ts'

const closed = [{ kind: 'failed', reason: 'closed' }]

describe.concurrent('a process that posts', () => {
  it('ends by itself when all is sent, closed or not', async () => {
    const { collector } = await stage()
    expect(await outcomesInChild(collector.url, {}, { bodies: ['{}', '{}'] })).toHaveLength(2)
  })

  it.each([
    ['hangs', 'timeout', 300, { raw: '', open: true }],
    ['refuses and hangs', 'proxy refused', 20_000, { raw: 'HTTP/1.1 403 No\r\n\r\n', open: true }],
  ])('ends by itself after a proxy that %s', async (_, reason, timeoutMs, tunnels) => {
    const proxy = forNow(await startProxy({ tunnels }))
    const env = { HTTPS_PROXY: proxy.url }
    const outcomes = await outcomesInChild('https://collector.invalid/', env, { timeoutMs })
    expect(outcomes).toEqual([{ kind: 'failed', reason }])
  })

  it('ends by itself after a post to a collector that hangs', async () => {
    const { collector } = await stage({ hang: 'in body' })
    const outcomes = await outcomesInChild(collector.url, {}, { timeoutMs: 300 })
    expect(outcomes).toEqual([{ kind: 'failed', reason: 'timeout' }])
  })

  it('ends at once if it closes in the middle of a post', async () => {
    const { collector } = await stage({ hang: 'in headers' })
    const child = postInChild(collector.url, {}, { timeoutMs: 600_000 })
    await collector.received(1)
    child.giveUp()
    expect(await child.ended).toEqual({ code: 0, outcomes: closed, err: '' })
  })

  it('ends at once if it closes while it waits for a proxy', async () => {
    const proxy = forNow(await startProxy({ tunnels: 'hang' }))
    const child = postInChild(
      'https://collector.invalid/',
      { HTTPS_PROXY: proxy.url },
      { timeoutMs: 600_000 },
    )
    await proxy.received(1)
    child.giveUp()
    expect(await child.ended).toEqual({ code: 0, outcomes: closed, err: '' })
  })
})
