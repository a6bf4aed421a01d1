import { setImmediate as oneTurn } from 'node:timers/promises'

import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'

import { bisect } from '../../../infra/worker/src/sinks/bisect.ts'
import type { Event } from '../../../infra/common/src/events/event.ts'
import { openCircuitBreaker } from '../../../infra/common/src/circuit-breaker.ts'
import { openGroupCommit } from '../../../infra/worker/src/intake/group-commit.ts'
import type { Gathering, Result, Sink } from '../../../infra/common/src/sink.ts'

function makeEvents(count: number): readonly Event[] {
  return Array.from({ length: count }, (_, index) => ({
    product: 'runmat',
    family: 'runtime',
    name: 'runtime.run.started',
    uuid: String(index),
    distinctId: 'd',
    at: undefined,
    summary: ['s'],
    fields: {},
    bytes: 'x'.repeat(100),
  }))
}

function open(
  store: (events: readonly Event[]) => Promise<Result> | Result,
  inFlight = 2,
  gathering?: Gathering,
) {
  let time = 0
  const circuitBreaker = openCircuitBreaker(() => time)
  const batches: (readonly Event[])[] = []
  const sink: Sink = {
    name: 'test',
    inFlight,
    ...(gathering && { gathering }),
    store: async (events) => {
      batches.push(events)
      return store(events)
    },
    probe: async () => undefined,
    close: async () => undefined,
  }
  const commits = openGroupCommit({ sink, circuitBreaker, done: () => undefined })
  return { ...commits, circuitBreaker, batches, pass: (ms: number) => (time += ms) }
}

const all = (events: readonly Event[], outcome: 'stored' | 'later' | 'refused'): Result => ({
  outcomes: events.map(() => outcome),
})

/** With a sink that keeps each batch until it is released. */
function openHeld(inFlight?: number, gathering?: Gathering) {
  const releases: (() => void)[] = []
  const store = (events: readonly Event[]) =>
    new Promise<Result>((resolve) => releases.push(() => resolve(all(events, 'stored'))))
  const opened = open(store, inFlight, gathering)
  return { ...opened, releases, sizes: () => opened.batches.map((batch) => batch.length) }
}

describe('a group commit', () => {
  it('stores events that arrive together as one batch', async () => {
    const { commit, batches } = open((events) => all(events, 'stored'))
    const answers = await Promise.all(makeEvents(40).map(commit))
    expect(answers.every(({ status }) => status === 204)).toBe(true)
    expect(batches.map((batch) => batch.length)).toEqual([40])
  })

  it('answers each event separately', async () => {
    const { commit } = open((events) => ({
      outcomes: events.map(({ uuid }) => (uuid === '1' ? 'refused' : 'stored')),
    }))
    const answers = await Promise.all(makeEvents(3).map(commit))
    expect(answers.map(({ status }) => status)).toEqual([204, 422, 204])
  })

  it('answers only after the sink, and then sends the next batch', async () => {
    const { commit, batches, waiting, releases } = openHeld(1)
    const answered: string[] = []
    const pending = makeEvents(4).map(async (event) => {
      if (event.uuid === '2') await expect.poll(() => batches.length).toBe(1)
      const { status } = await commit(event)
      answered.push(`${event.uuid} ${status}`)
    })
    await expect.poll(waiting).toBe(4)
    expect([batches.map((batch) => batch.length), answered]).toEqual([[3], []])
    releases[0]?.()
    await expect.poll(() => batches.length).toBe(2)
    expect(answered).toEqual(['0 204', '1 204', '3 204'])
    releases[1]?.()
    await Promise.all(pending)
    expect(answered.at(-1)).toBe('2 204')
  })

  it('lets fewer events wait, and longer, where the sink wants large batches', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { commit, releases, sizes } = openHeld(4, { enough: 100, waitMs: 50 })
      const answers = makeEvents(1).map(commit)
      await oneTurn()
      answers.push(...makeEvents(99).map(commit))
      await oneTurn()
      await vi.advanceTimersByTimeAsync(49)
      expect(sizes()).toEqual([1])
      await vi.advanceTimersByTimeAsync(1)
      expect(sizes()).toEqual([1, 99])
      answers.push(...makeEvents(100).map(commit))
      await oneTurn()
      expect(sizes()).toEqual([1, 99, 100])
      for (const release of releases) release()
      await Promise.all(answers)
    } finally {
      vi.useRealTimers()
    }
  })

  it('lets few events wait for more when a batch ends while another is in flight', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { commit, releases, sizes } = openHeld()
      const first = makeEvents(1).map(commit)
      await oneTurn()
      const second = makeEvents(64).map(commit)
      await oneTurn()
      const third = makeEvents(2).map(commit)
      releases[1]?.()
      await Promise.all(second)
      await oneTurn()
      third.push(...makeEvents(3).map(commit))
      expect(sizes()).toEqual([1, 64])
      await vi.advanceTimersByTimeAsync(5)
      expect(sizes()).toEqual([1, 64, 5])
      for (const release of releases) release()
      await Promise.all([...first, ...third])
    } finally {
      vi.useRealTimers()
    }
  })

  it('sends no more batches at a time than the sink takes', async () => {
    const { commit, batches } = open((events) => all(events, 'stored'), 1)
    await Promise.all(makeEvents(1200).map(commit))
    expect(batches.map((batch) => batch.length)).toEqual([500, 500, 200])
  })

  it('pauses while the sink is in trouble and tells clients how long', async () => {
    let trouble: Result['trouble'] = { cause: 'test', retryAfterMs: 7000 }
    const { commit, batches, pass } = open((events) => ({
      ...all(events, trouble ? 'later' : 'stored'),
      ...(trouble && { trouble }),
    }))
    const [one, other, third] = makeEvents(3) as [Event, Event, Event]
    expect(await commit(one)).toMatchObject({ status: 503, retryAfter: 7 })
    pass(2500)
    expect(await commit(other)).toMatchObject({ status: 503, retryAfter: 5 })
    expect(batches).toHaveLength(1)
    trouble = undefined
    pass(4500)
    expect(await commit(third)).toMatchObject({ status: 204 })
  })

  it('answers 503 beyond 20,000 waiting events', async () => {
    const { commit } = open(() => new Promise(() => undefined))
    const [first, ...more] = makeEvents(20_001)
    const overflow = await Promise.race([first as Event, ...more].map(commit))
    expect(overflow).toMatchObject({ status: 503, retryAfter: 1, body: { reason: 'busy' } })
  })

  it('waits longer after each failure and starts over after a success', () => {
    let time = 0
    const circuitBreaker = openCircuitBreaker(() => time)
    const waits = Array.from({ length: 6 }, () => {
      circuitBreaker.failed({ cause: 'test' })
      circuitBreaker.failed({ cause: 'test' })
      const wait = circuitBreaker.waitMs()
      time += wait
      return wait
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000])
    circuitBreaker.succeeded(time)
    circuitBreaker.failed({ cause: 'test' })
    expect(circuitBreaker.waitMs()).toBe(1000)
  })

  it('keeps the pause the sink asked for despite older batches, and waits at least a second', () => {
    let time = 0
    const circuitBreaker = openCircuitBreaker(() => time)
    time = 10
    circuitBreaker.failed({ cause: 'test', retryAfterMs: 60_000 })
    circuitBreaker.succeeded(5)
    expect(circuitBreaker.waitMs()).toBe(60_000)
    time += 60_000
    circuitBreaker.succeeded(time)
    circuitBreaker.failed({ cause: 'test', retryAfterMs: 0 })
    expect(circuitBreaker.waitMs()).toBe(1000)
  })

  it('answers 503 when the sink throws', async () => {
    const { commit, pass, batches } = open((events) => {
      if (batches.length === 1) throw new Error('test')
      return all(events, 'stored')
    })
    const [one] = makeEvents(1) as [Event]
    expect(await commit(one)).toMatchObject({ status: 503 })
    pass(1000)
    expect(await commit(one)).toMatchObject({ status: 204 })
  })
})

describe('bisection', () => {
  it('refuses the bad events and stores all others once', async () => {
    const sizes = fc.integer({ min: 1, max: 500 })
    const some = fc.tuple(sizes, fc.array(fc.nat(499), { maxLength: 3 }))
    await fc.assert(
      fc.asyncProperty(some, async ([count, picks]) => {
        const events = makeEvents(count)
        const bad = new Set(picks.map((pick) => String(pick % count)))
        const stored: string[] = []
        const { outcomes, trouble } = await bisect(
          events,
          async (part) => {
            if (part.some(({ uuid }) => bad.has(uuid))) return 'refused'
            stored.push(...part.map(({ uuid }) => uuid))
            return 'stored'
          },
          64,
        )
        expect(trouble).toBeUndefined()
        expect(outcomes).toEqual(events.map(({ uuid }) => (bad.has(uuid) ? 'refused' : 'stored')))
        expect(stored.sort()).toEqual(
          events
            .map(({ uuid }) => uuid)
            .filter((uuid) => !bad.has(uuid))
            .sort(),
        )
      }),
    )
  })

  it('stops after its share of posts to a sink that refuses everything', async () => {
    let posts = 0
    const { outcomes } = await bisect(
      makeEvents(500),
      async () => {
        posts += 1
        return 'refused'
      },
      64,
    )
    expect(posts).toBe(64)
    expect(outcomes).toHaveLength(500)
    expect(outcomes).toContain('later')
  })

  it('keeps a half in trouble for later', async () => {
    const { outcomes, trouble } = await bisect(
      makeEvents(4),
      async (part) => {
        if (part.length === 4) return 'refused'
        return part[0]?.uuid === '0' ? 'stored' : { cause: 'gone' }
      },
      64,
    )
    expect(outcomes).toEqual(['stored', 'stored', 'later', 'later'])
    expect(trouble).toEqual({ cause: 'gone' })
  })
})
