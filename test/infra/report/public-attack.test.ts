import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { daysAfter } from '../../../infra/report/src/days.ts'
import type { Shorter } from '../../../infra/report/src/public/addition.ts'
import type { Measured } from '../../../infra/report/src/public/measured.ts'
import { protect } from '../../../infra/report/src/public/protect.ts'
import { finished, folder, install, lines, now, report, started, usage } from './support/cli.ts'
import { isCombinationOf, reduced } from './support/linear.ts'

/**
 * Clients that do the same on the same day. Those of runs may be the same as those of another group,
 * from the client numbered `first` on.
 */
interface Group {
  readonly family: 'install' | 'run' | 'usage'
  readonly age: number
  readonly count: number
  readonly first: number
  readonly os: string
  readonly release: string
  readonly step: 'complete' | 'failed' | 'open'
  readonly end: 'success' | 'none' | 'RunMat:A' | 'RunMat:B'
  readonly jit: 'off' | 'idle' | 'used'
  readonly errors: boolean
}

const names = {
  os: ['linux', 'macos', 'windows', 'freebsd'],
  release: ['0.6.1', '0.6.0', '0.5.9', '0.5.8'],
  step: ['complete', 'failed', 'open'],
  end: ['success', 'none', 'RunMat:A', 'RunMat:B'],
  jit: ['off', 'idle', 'used'],
} as const

const group: fc.Arbitrary<Group> = fc.record({
  family: fc.constantFrom('install', 'run', 'run', 'usage' as const),
  age: fc.constantFrom(0, 0, 20, 29, 30, 60, 89, 90, 300),
  count: fc.oneof(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 20, max: 60 })),
  first: fc.constantFrom(0, 0, 10, 1000, 2000),
  os: fc.constantFrom(...names.os),
  release: fc.constantFrom(...names.release),
  step: fc.constantFrom('complete', ...names.step),
  end: fc.constantFrom('success', ...names.end),
  jit: fc.constantFrom('used', ...names.jit),
  errors: fc.boolean(),
})
const worlds = fc.array(group, { minLength: 6, maxLength: 24 })

const families = ['install', 'run', 'usage'] as const

function clientsOf({ family, count, first }: Group, at: number): readonly string[] {
  // Installs and usage are of nobody else, so that each counts once.
  const from = family === 'run' ? first : 10_000 + at * 100
  return Array.from({ length: count }, (_, index) => {
    const number = (families.indexOf(family) * 1_000_000 + from + index).toString(16)
    return `00000000-0000-4000-9000-${number.padStart(12, '0')}`
  })
}

function linesOf(group_: Group, at: number): readonly string[] {
  const { family, os, release, step, end, jit, errors } = group_
  return clientsOf(group_, at).flatMap((cid, index) => {
    const claim = { os, platform: `${os}-x86_64`, release, cid }
    const session_id = `00000000-0000-4000-a000-${(at * 1000 + index).toString(16).padStart(12, '0')}`
    switch (family) {
      case 'install':
        return [install('start', claim), ...(step === 'open' ? [] : [install(step, claim)])]
      case 'usage':
        return [
          usage(cid, { run: 5, run_success: errors ? 3 : 5, ...(errors && { run_error: 2 }) }),
        ]
      case 'run': {
        const begin = started({ os, release, cid, session_id })
        if (end === 'none') return [begin]
        const payload = {
          success: end === 'success',
          ...(end !== 'success' && { error: end, 'runtime.failure.stage': 'runtime' }),
          jit_enabled: jit !== 'off',
          jit_used: jit === 'used',
        }
        return [begin, finished(payload, { os, release, cid, session_id })]
      }
    }
  })
}

/** Every kind of group that could exist. An attacker does not know which ones do. */
const kinds: readonly Group[] = [0, 60, 300].flatMap((age) => {
  const none = { age, count: 0, first: 0, os: 'linux', release: '0.6.1', errors: false } as const
  const rest = { step: 'open', end: 'none', jit: 'off' } as const
  return [
    ...names.os.flatMap((os) =>
      names.release.flatMap((release) =>
        names.step.map((step) => ({
          ...none,
          ...rest,
          family: 'install' as const,
          os,
          release,
          step,
        })),
      ),
    ),
    ...names.release.flatMap((release) =>
      names.end.flatMap((end) =>
        names.jit.map((jit) => ({ ...none, ...rest, family: 'run' as const, release, end, jit })),
      ),
    ),
    ...[false, true].map((errors) => ({ ...none, ...rest, family: 'usage' as const, errors })),
  ]
})

/** What is counted, of which kind, and how often: three numbers for each. */
type Figure = readonly number[]

interface Cell {
  readonly name: string
  readonly figure: Figure
  readonly clients: number
}

type Of = (group: Group) => readonly [install: number, run: number, error: number] | undefined

const runs =
  (when: (group: Group) => boolean): Of =>
  (one) =>
    one.family === 'run' && when(one) ? [0, 1, 0] : undefined
const steps =
  (when: (group: Group) => boolean): Of =>
  (one) =>
    one.family === 'install' && when(one) ? [1, 0, 0] : undefined
const counters =
  (success: number, error: number): Of =>
  (one) =>
    one.family === 'usage' && (success > 0 || one.errors)
      ? [0, success, one.errors ? error : 0]
      : undefined
const hasEnded = ({ end }: Group) => end !== 'none'

/** Every count that a site may show, and some that nobody shows, by its name in JSON. */
function figures(): ReadonlyMap<string, Of> {
  const found = new Map<string, Of>()
  for (const os of names.os) {
    const row = `installs ${os} x86_64`
    found.set(
      `${row} started`,
      steps((one) => one.os === os),
    )
    for (const [column, step] of Object.entries({
      completed: 'complete',
      failed: 'failed',
      open: 'open',
    }))
      found.set(
        `${row} ${column}`,
        steps((one) => one.os === os && one.step === step),
      )
  }
  found.set('active finished', runs(hasEnded))
  found.set(
    'active jit_enabled',
    runs((one) => hasEnded(one) && one.jit !== 'off'),
  )
  found.set(
    'active jit_used',
    runs((one) => hasEnded(one) && one.jit === 'used'),
  )
  found.set(
    '(enabled and not used)',
    runs((one) => hasEnded(one) && one.jit === 'idle'),
  )
  found.set(
    '(not enabled)',
    runs((one) => hasEnded(one) && one.jit === 'off'),
  )
  for (const code of ['RunMat:A', 'RunMat:B'])
    found.set(
      `failures runtime runtime ${code} unknown runs`,
      runs(({ end }) => end === code),
    )
  found.set(
    'unfinished started',
    runs(() => true),
  )
  found.set('unfinished finished', runs(hasEnded))
  found.set(
    'unfinished unfinished',
    runs((one) => !hasEnded(one)),
  )
  for (const release of names.release) {
    found.set(
      `versions ${release} runs`,
      runs((one) => hasEnded(one) && one.release === release),
    )
    found.set(
      `versions ${release} installs`,
      steps((one) => one.step === 'complete' && one.release === release),
    )
  }
  found.set('usage subcommand run count', counters(1, 1))
  found.set('usage subcommand run_success count', counters(1, 0))
  found.set('usage subcommand run_error count', counters(0, 1))
  found.set('coverage install events', (one) =>
    one.family === 'install' ? [one.step === 'open' ? 1 : 2, 0, 0] : undefined,
  )
  found.set('coverage runtime events', (one) =>
    one.family === 'run' ? [0, hasEnded(one) ? 2 : 1, 0] : undefined,
  )
  return found
}

const spans = [
  ['30', 0, 29],
  ['90', 0, 89],
  ['365', 0, 364],
  ['31 to 90', 30, 89],
  ['91 to 365', 90, 364],
  ['31 to 365', 30, 364],
] as const

function cellsOf(groups: readonly Group[]): readonly Cell[] {
  return [...figures()].flatMap(([name, of]) =>
    spans.map(([span, first, last]) => {
      const countsOf = (one: Group) => (one.age >= first && one.age <= last ? of(one) : undefined)
      const clients = groups.flatMap((one, at) =>
        countsOf(one) === undefined ? [] : clientsOf(one, at),
      )
      const figure = kinds.flatMap((one) => countsOf(one) ?? [0, 0, 0])
      return { name: `${span}: ${name}`, figure, clients: new Set(clients).size }
    }),
  )
}

const oneRun: Group = {
  family: 'run',
  age: 0,
  count: 1,
  first: 0,
  os: 'linux',
  release: '0.6.1',
  step: 'complete',
  end: 'success',
  jit: 'used',
  errors: true,
}

/** A world that has something to publish in each period, and something to hide. */
const wellFilled: readonly Group[] = [0, 40, 100].flatMap((age) => {
  const some = (count: number, more: Partial<Group> = {}) => ({
    ...oneRun,
    ...more,
    age,
    count,
  })
  return [
    some(150, { family: 'install' }),
    some(55, { family: 'install', step: 'failed' }),
    some(12, { family: 'install', os: 'freebsd' }),
    some(33, { family: 'install', os: 'macos', step: 'open' }),
    some(240),
    some(70, { end: 'RunMat:A', first: 300, release: '0.6.0' }),
    some(7, { end: 'RunMat:B', first: 400 }),
    some(90, { family: 'usage' }),
  ]
})

interface Site {
  readonly coverage: object
  readonly questions: Record<string, { rows: Record<string, string | number | null>[] }>
}

async function published(groups: readonly Group[]): Promise<string> {
  const [place, site] = [folder(), folder()]
  for (const age of new Set(groups.map((one) => one.age))) {
    const all = groups.flatMap((one, at) => (one.age === age ? linesOf(one, at) : []))
    const day = daysAfter(new Date(now).toISOString().slice(0, 10), -age)
    writeFileSync(path.join(place, `${day}.w.ndjson`), lines(...all))
  }
  expect(await report(['--from', place, '--public', site])).toMatchObject({ code: 0, err: '' })
  return site
}

function shownIn(site: string): readonly string[] {
  const seen = new Set<string>()
  return ['30', '90', '365'].flatMap((period) => {
    const text = readFileSync(path.join(site, `${period}.json`), 'utf8')
    // The same as a shorter period: it says nothing new.
    if (seen.has(text)) return []
    seen.add(text)
    const { questions } = JSON.parse(text) as Site
    return Object.entries(questions).flatMap(([question, { rows }]) =>
      rows.flatMap((row) => {
        const words = Object.values(row).filter((value) => typeof value === 'string')
        return Object.entries(row).flatMap(([column, value]) =>
          typeof value === 'number' ? [`${period}: ${[question, ...words, column].join(' ')}`] : [],
        )
      }),
    )
  })
}

describe('everything that a site publishes together', () => {
  it('lets nobody work out what fewer than 20 did, were the rounded counts exact', async () => {
    let protectedOnes = 0
    let visible = 0
    await fc.assert(
      fc.asyncProperty(worlds, async (groups: readonly Group[]) => {
        const cells = cellsOf(groups)
        const shown = new Set(shownIn(await published(groups)))
        const known = cells.filter(({ name }) => shown.has(name))
        const basis = reduced(known.map(({ figure }) => figure))
        visible += known.length
        for (const cell of cells) {
          if (cell.clients === 0 || cell.clients >= 20) continue
          protectedOnes += 1
          expect([cell.name, isCombinationOf(basis, cell.figure)]).toEqual([cell.name, false])
        }
      }),
      { numRuns: 8, endOnFailure: true, examples: [[wellFilled]] },
    )
    // The first world alone has so many; the random ones may have few.
    expect(protectedOnes).toBeGreaterThan(10)
    expect(visible).toBeGreaterThan(30)
  }, 300_000)

  it('gives CSV and pages no figure that JSON does not give', async () => {
    const site = await published(wellFilled)
    for (const period of ['30', '90', '365']) {
      const read = (ending: string) => readFileSync(path.join(site, `${period}.${ending}`), 'utf8')
      const { questions } = JSON.parse(read('json')) as Site
      const [heading = '', ...rows] = read('csv').trimEnd().split('\n')
      const inCsv = rows.map((row) => {
        const cells = row.split(',')
        return Object.fromEntries(heading.split(',').map((name, at) => [name, cells[at]]))
      })
      const inJson = Object.entries(questions).flatMap(([question, { rows: own }]) =>
        own.map((row) => ({ ...row, question, format_version: 1 })),
      )
      const asText = (row: object) =>
        Object.entries(row)
          .flatMap(([name, value]) => (value === null || value === '' ? [] : [`${name} ${value}`]))
          .toSorted()
      expect(inCsv.map(asText)).toEqual(inJson.map(asText))
      const counts = new Set(
        inJson.flatMap((row) =>
          Object.values(row).map((value) => Number(value).toLocaleString('en')),
        ),
      )
      const cells = [...read('html').matchAll(/<td class="n">([^<]*)<\/td>/g)].map(
        ([, cell]) => cell,
      )
      expect(cells.length).toBeGreaterThan(40)
      // Shares and intervals are those of the counts.
      expect(
        cells.filter((cell = '') => !counts.has(cell) && !/^–$|%$|^\d+–\d+$/.test(cell)),
      ).toEqual([])
    }
  })
})

/** One row that is published again and again; `daily` is how many installs came on each day. */
function publishedOn(
  daily: readonly number[],
  end: number,
): readonly (readonly [number, number | null])[] {
  const sum = (from: number, to: number) =>
    daily.slice(Math.max(0, from), to).reduce((all, one) => all + one, 0)
  const tableOf = (count: number): Measured => {
    const cells = { completed: { value: count, installs: count } }
    const candidates = [{ leading: ['linux'], weight: count, cells }]
    return { leading: ['os'], candidates, counts: 'installs', isSum: true }
  }
  const shorter: Shorter[] = []
  return [30, 90, 365].map((period) => {
    const measured = tableOf(sum(end - period, end))
    const shown = protect(measured, shorter)
    shorter.push({ measured, shown, more: [] })
    return [Math.max(0, end - period), shown[0]?.counts['completed'] ?? null] as const
  })
}

/**
 * The least and the most that may lie between any two days, by all that was published: sums of days are
 * differences of what had come until then, so the bounds are shortest paths.
 */
function boundsOf(daily: readonly number[], ends: readonly number[]) {
  const all = ends.flatMap((end) =>
    publishedOn(daily, end).map(([from, shown]) => ({ from, end, shown })),
  )
  const days = [...new Set(all.flatMap(({ from, end }) => [from, end]))].toSorted((a, b) => a - b)
  const most = days.map((_, row) => days.map((__, column) => (column <= row ? 0 : Infinity)))
  const bound = (from: number, to: number, value: number) => {
    const row = most[days.indexOf(from)]
    const column = days.indexOf(to)
    if (row !== undefined) row[column] = Math.min(row[column] ?? Infinity, value)
  }
  for (const { from, end, shown } of all) {
    if (shown === null) continue
    bound(from, end, shown + 4)
    bound(end, from, -Math.max(20, shown - 5))
  }
  for (const [middle, way] of most.entries())
    for (const row of most)
      for (const [to, value] of row.entries())
        row[to] = Math.min(value, (row[middle] ?? 0) + (way[to] ?? 0))
  return days.flatMap((from, row) =>
    days.slice(row + 1).map((to, more) => ({
      exact: daily.slice(from, to).reduce((sum, one) => sum + one, 0),
      least: -(most[row + 1 + more]?.[row] ?? 0),
      most: most[row]?.[row + 1 + more] ?? 0,
    })),
  )
}

describe('a site that is published again and again', () => {
  const stretch = fc.record({
    days: fc.integer({ min: 1, max: 120 }),
    each: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 12 })),
    every: fc.integer({ min: 1, max: 7 }),
  })

  it.each([
    ['daily', 1],
    ['weekly', 7],
  ])('never says how many fewer than 20 came between two days (%s)', (_, step) => {
    let few = 0
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 4, maxLength: 12 }), (stretches) => {
        const daily = stretches.flatMap(({ days, each, every }) =>
          Array.from({ length: days }, (__, day) => (day % every === 0 ? each : 0)),
        )
        const ends = Array.from({ length: 12 }, (__, at) => daily.length - at * step)
        for (const { exact, least, most } of boundsOf(
          daily,
          ends.filter((end) => end > 0),
        )) {
          if (exact === 0 || exact >= 20) continue
          few += 1
          expect(least).toBeLessThan(most)
        }
      }),
      // Rounding hides by chance: there may be a series that gives one number away.
      { numRuns: 150, seed: 7 },
    )
    expect(few).toBeGreaterThan(1000)
  })
})
