import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { PostOutcome } from '../../src/deliver/http/outcome.ts'
import { backoffMs, decide, limits, pauseMs, waitMs } from '../../src/deliver/policy.ts'

const delivered: PostOutcome = { kind: 'delivered' }
const answered = (status: number): PostOutcome => ({ kind: 'answered', status })
const failed = (reason: string): PostOutcome => ({ kind: 'failed', reason }) as PostOutcome

/** How many times in a row this may happen before the session ends. */
function patienceWith(...outcomes: readonly PostOutcome[]): number {
  let streak = 0
  for (let count = 1; count <= 1000; count += 1) {
    const decision = decide(outcomes[(count - 1) % outcomes.length] ?? delivered, streak)
    if (decision.session === 'stop') return count
    ;({ streak } = decision)
  }
  return Number.POSITIVE_INFINITY
}

const anyOutcome: fc.Arbitrary<PostOutcome> = fc.oneof(
  fc.constant(delivered),
  fc.record({ kind: fc.constant('answered' as const), status: fc.integer({ min: 100, max: 999 }) }),
  fc.record({
    kind: fc.constant('answered' as const),
    status: fc.integer({ min: 100, max: 999 }),
    retryAfterMs: fc.nat(limits.capMs),
  }),
  fc.constantFrom('timeout', 'reset', 'refused', 'certificate', 'closed', 'network').map(failed),
)

const setback = anyOutcome.filter(({ kind }) => kind !== 'delivered')

describe('an event', () => {
  it('is removed after a delivery and nothing else', () => {
    fc.assert(
      fc.property(anyOutcome, fc.nat(limits.patience), (outcome, streak) => {
        expect(decide(outcome, streak).event).toBe(outcome.kind === 'delivered' ? 'remove' : 'keep')
      }),
    )
  })

  it('rests for as long as its age, within bounds', () => {
    expect(pauseMs(-5)).toBe(60_000)
    expect(pauseMs(3_600_000)).toBe(3_600_000)
    expect(pauseMs(1e12)).toBe(limits.pauseMs.most)
  })
})

describe('a session', () => {
  it.each([400, 409, 413, 415, 422])(
    'goes on after many events that are refused with %i',
    (status) => {
      expect(patienceWith(answered(status))).toBe(64)
    },
  )

  it.each([100, 200, 202, 302, 401, 403, 404, 405, 408, 410, 418, 500, 502, 503, 504, 599, 999])(
    'goes on after a few answers of %i, which may be about one event or all',
    (status) => {
      expect(patienceWith(answered(status))).toBe(8)
    },
  )

  it.each(['timeout', 'reset', 'protocol'])('goes on after a few failures by %s', (reason) => {
    expect(patienceWith(failed(reason))).toBe(8)
  })

  it.each([
    answered(429),
    { kind: 'answered', status: 503, retryAfterMs: 1 } as PostOutcome,
    { kind: 'answered', status: 500, retryAfterMs: 0 } as PostOutcome,
    { kind: 'answered', status: 301, retryAfterMs: 0 } as PostOutcome,
    ...['refused', 'unreachable', 'name not found', 'certificate', 'tls', 'proxy unusable'].map(
      failed,
    ),
    ...['proxy unreachable', 'proxy authentication', 'proxy refused'].map(failed),
    ...['invalid request', 'closed', 'network'].map(failed),
  ])('ends at once with %j', (outcome) => {
    expect(patienceWith(outcome)).toBe(1)
  })

  it('does not let one event hold back the others', () => {
    for (const bad of [answered(400), answered(403), answered(500), failed('reset')]) {
      expect(patienceWith(bad, bad, bad, bad, bad, bad, bad, delivered)).toBe(
        Number.POSITIVE_INFINITY,
      )
    }
  })

  it('forgets all failures after a delivery', () => {
    fc.assert(
      fc.property(fc.nat(limits.patience), (streak) => {
        expect(decide(delivered, streak)).toEqual({
          event: 'remove',
          session: 'continue',
          streak: 0,
        })
      }),
    )
  })

  it('forgets no failure before a delivery', () => {
    fc.assert(
      fc.property(setback, fc.nat(limits.patience), (outcome, streak) => {
        const decision = decide(outcome, streak)
        expect(decision.streak).toBeGreaterThanOrEqual(Math.min(streak + 1, limits.patience))
        expect(decision.session === 'stop').toBe(decision.streak === limits.patience)
      }),
    )
  })

  it('never goes on longer after more failures', () => {
    fc.assert(
      fc.property(anyOutcome, fc.nat(100), fc.nat(100), (outcome, one, more) => {
        const stops = [one, one + more].map((streak) => decide(outcome, streak).session === 'stop')
        expect(stops).not.toEqual([true, false])
      }),
    )
  })

  it('ends after a fixed number of outcomes without a delivery', () => {
    const row = { minLength: limits.patience, maxLength: limits.patience }
    fc.assert(
      fc.property(fc.array(setback, row), (outcomes) => {
        expect(patienceWith(...outcomes)).toBeLessThanOrEqual(limits.patience)
      }),
    )
  })
})

describe('the wait after a session', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const failures = fc.oneof(fc.nat(40), fc.nat())

  it('is a whole number within its bounds', () => {
    fc.assert(
      fc.property(failures, random, (count, chance) => {
        const wait = backoffMs(count, () => chance)
        expect(Number.isInteger(wait)).toBe(true)
        expect(wait).toBeGreaterThanOrEqual(limits.floorMs)
        expect(wait).toBeLessThanOrEqual(limits.capMs)
      }),
    )
  })

  it('does not shrink with more failures or more jitter', () => {
    fc.assert(
      fc.property(failures, fc.nat(1000), random, random, (count, more, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        expect(backoffMs(count + more, () => low)).toBeGreaterThanOrEqual(
          backoffMs(count, () => low),
        )
        expect(backoffMs(count, () => high)).toBeGreaterThanOrEqual(backoffMs(count, () => low))
      }),
    )
  })

  it('doubles from a minute to a day, with full jitter', () => {
    const highest = [1, 2, 3, 4, 11, 12, 5000].map((count) => backoffMs(count, () => 1))
    expect(highest).toEqual([1, 2, 4, 8, 1024, 1440, 1440].map((minutes) => minutes * 60_000))
    expect(backoffMs(0, () => 1)).toBe(60_000)
    expect(backoffMs(12, () => 0)).toBe(limits.floorMs)
    expect(backoffMs(12, () => 0.5)).toBe((limits.floorMs + limits.capMs) / 2)
  })

  it.each([
    [120_000, 120_000],
    [0, limits.floorMs],
    [1e12, limits.capMs],
  ])('is the %i ms that the collector asks for, within bounds', (retryAfterMs, expected) => {
    const decision = decide({ kind: 'answered', status: 503, retryAfterMs }, 0)
    expect(waitMs(decision, 7, Math.random)).toBe(expected)
  })

  it('depends on the failures if the collector asks for nothing', () => {
    expect(waitMs(decide(answered(429), 0), 3, () => 1)).toBe(240_000)
    const refused = decide({ kind: 'answered', status: 400, retryAfterMs: 5 }, limits.patience - 1)
    expect(refused).toEqual({ event: 'keep', session: 'stop', streak: limits.patience })
  })
})
