import { describe, expect, it } from 'vitest'

import { compare, type Subject } from '../../../infra/report/src/check/compare.ts'
import { silences } from '../../../infra/report/src/check/silence.ts'
import { discoveries, upperTail } from '../../../infra/report/src/check/statistics.ts'
import { daysAfter } from '../../../infra/report/src/days.ts'
import type { Row } from '../../../infra/report/src/questions/question.ts'
import { finished, folder, install, lines, now, report } from './support/cli.ts'

/** The same every time, so that a share near a bound never fails by chance. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = Math.trunc(state + 0x6d_2b_79_f5)
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function binomial(random: () => number, n: number, share: number): number {
  let hits = 0
  for (let trial = 0; trial < n; trial += 1) hits += Number(random() < share)
  return hits
}

/** The releases of one world: installs on six platforms, as many as each has. */
function subjectsOf(
  random: () => number,
  failing: readonly number[],
  sizes: readonly number[],
): Subject[] {
  return failing.map((share, at) => {
    const n = sizes[at] ?? 300
    const [before, after] = [0.05, share].map((rate) => ({
      hits: binomial(random, n, rate),
      n,
      spread: 1,
    }))
    return { what: 'installs failed', platform: String(at), before: before!, now: after! }
  })
}

describe('--check', () => {
  it('alarms in at most 5 % of 1,000 worlds in which nothing changed', () => {
    const random = randomOf(1)
    let alarms = 0
    for (let at = 0; at < 1000; at += 1) {
      const sizes = Array.from({ length: 6 }, () => 40 + Math.floor(random() * 2000))
      const worlds = subjectsOf(random, [0.05, 0.05, 0.05, 0.05, 0.05, 0.05], sizes)
      alarms += Number(compare(worlds).some(({ isWorse }) => isWorse))
    }
    expect(alarms).toBeLessThanOrEqual(50)
  })

  it('finds a platform that falls from 95 to 85 % with 300 installs in 90 % of 1,000 worlds', () => {
    const random = randomOf(2)
    let found = 0
    for (let at = 0; at < 1000; at += 1) {
      const sizes = [300, 900, 500, 300, 300, 100]
      const worlds = subjectsOf(random, [0.15, 0.05, 0.05, 0.05, 0.05, 0.05], sizes)
      found += Number(compare(worlds)[0]?.isWorse)
    }
    expect(found).toBeGreaterThanOrEqual(900)
  })

  it('says nothing of a few, and never that fewer failures are worse', () => {
    const few = {
      what: '',
      platform: '',
      before: { hits: 0, n: 29, spread: 1 },
      now: { hits: 29, n: 29, spread: 1 },
    }
    expect(compare([few])).toEqual([])
    const better = {
      ...few,
      before: { hits: 90, n: 300, spread: 1 },
      now: { hits: 10, n: 300, spread: 1 },
    }
    expect(compare([better])).toMatchObject([{ isWorse: false }])
  })

  it('knows the tail of the normal distribution, and the step of Benjamini and Hochberg', () => {
    expect(upperTail(0)).toBeCloseTo(0.5, 6)
    expect(upperTail(1.959964)).toBeCloseTo(0.025, 6)
    expect(upperTail(-1.644854)).toBeCloseTo(0.95, 6)
    expect(discoveries([0.04, 0.01, 0.9, 0.02], 0.05)).toEqual([false, true, false, true])
  })

  it('hears when something stops that came every day, and not when it comes now and then', () => {
    const last = '2026-11-27'
    const days = (counts: readonly number[], kind: string): Row[] =>
      counts
        .map((events, at) => ({ day: daysAfter(last, at + 1 - counts.length), kind, events }))
        .filter(({ events }) => events > 0)
    const steady = Array.from({ length: 20 }, () => 10)
    expect(silences(days([...steady, 0, 0], 'usage'), ['kind'], last)).toMatchObject([
      { what: 'usage', since: '2026-11-26', days: 2 },
    ])
    expect(silences(days(steady, 'usage'), ['kind'], last)).toEqual([])
    const weekly = Array.from({ length: 28 }, (_, at) => (at % 7 === 0 ? 30 : 0))
    expect(silences(days(weekly, 'usage'), ['kind'], last)).toEqual([])
  })

  it('ends with 1 and names the platform in Markdown when a release is worse', async () => {
    const some = (count: number, step: string, release: string) =>
      Array.from({ length: count }, () => install(step, { release }))
    const good = [...some(285, 'complete', '0.6.0'), ...some(15, 'failed', '0.6.0')]
    const bad = [...some(240, 'complete', '0.6.1'), ...some(60, 'failed', '0.6.1')]
    const worse = await report(['--from', '-', '--check'], { stdin: lines(...good, ...bad) })
    expect(worse.code).toBe(1)
    expect(worse.out).toContain('# Release 0.6.1 compared with 0.6.0')
    expect(worse.out).toContain(
      String.raw`| linux x86\_64 | installs failed | 5.0 % of 300 | 20.0 % of 300 |`,
    )
    const same = [...some(285, 'complete', '0.6.1'), ...some(15, 'failed', '0.6.1')]
    const equal = await report(['--from', '-', '--check'], { stdin: lines(...good, ...same) })
    expect(equal).toMatchObject({ code: 0 })
    expect(equal.out).toContain('Nothing is worse.')
  })

  it('ends with 1 where there are no events, and says where', async () => {
    const place = folder()
    const checked = await report(['--from', place, '--check'])
    const err = `No events in ${place}: nothing was compared.\n`
    expect(checked).toEqual({ code: 1, out: '', err })
  })

  it('does not take one client with many failing runs for many clients', async () => {
    const runs = (release: string, failing: string) =>
      Array.from({ length: 400 }, (_, at) => {
        const cid =
          at < 200 ? failing : `${String(at).padStart(8, '0')}-0000-4000-8000-000000000000`
        return finished(
          { success: at >= 200 || release === '0.6.0', timestamp_ms: now },
          { release, cid },
        )
      })
    const one = '99999999-0000-4000-8000-000000000000'
    const stdin = lines(...runs('0.6.0', one), ...runs('0.6.1', one))
    expect(await report(['--from', '-', '--check'], { stdin })).toMatchObject({ code: 0 })
  })
})
