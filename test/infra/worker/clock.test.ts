import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { openSurveys } from '../../../infra/buffer/src/metrics.ts'
import { namesOf } from '../../../infra/buffer/src/names.ts'
import { openCircuitBreaker } from '../../../infra/common/src/circuit-breaker.ts'
import { limits } from '../../../infra/worker/src/limits.ts'
import { openRateLimit } from '../../../infra/worker/src/intake/rate-limit.ts'
import { readinessOf } from '../../../infra/worker/src/sinks/readiness.ts'
import { eventually } from '../../support/eventually.ts'

const hourMs = 60 * 60_000

/** What an administrator or a time server does. No timer notices it. */
function setClock(byMs: number): void {
  vi.setSystemTime(Date.now() + byMs)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a clock that is set by an hour', () => {
  it('keeps a sink that failed away no longer', () => {
    const circuitBreaker = openCircuitBreaker()
    circuitBreaker.failed({ cause: 'away' })
    setClock(-hourMs)
    expect(circuitBreaker.waitMs()).toBeLessThanOrEqual(1000)
  })

  it('keeps a network that sent too much away no longer', () => {
    const rateLimit = openRateLimit()
    rateLimit.take('192.0.2.1', limits.keyless.events)
    setClock(-hourMs)
    expect(rateLimit.take('192.0.2.1', 1)).toBeLessThanOrEqual(limits.keyless.windowMs)
  })

  it('lets nobody look again at a sink that has just worked', async () => {
    const probe = vi.fn<() => Promise<object>>(() => Promise.resolve({ cause: 'away' }))
    const circuitBreaker = openCircuitBreaker()
    circuitBreaker.succeeded(circuitBreaker.now())
    setClock(hourMs)
    await readinessOf({ probe } as never, circuitBreaker)()
    expect(probe).not.toHaveBeenCalled()
  })

  it('lets the figures of the buffer grow no older', async () => {
    const session = {
      connection: { request: vi.fn<() => Promise<never>>(() => Promise.reject(new Error('away'))) },
    }
    const survey = openSurveys({ session: () => session } as never, namesOf('telemetry'))
    await survey()
    setClock(-hourMs)
    await eventually(async () => {
      await survey()
      expect(session.connection.request.mock.calls.length).toBeGreaterThan(1)
    })
  })
})
