import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import { check } from '../../../infra/report/src/check/check.ts'
import { publicAnswers } from '../../../infra/report/src/public/answers.ts'
import { measuresOf } from '../../../infra/report/src/public/measures.ts'
import { rowsOf } from '../../../infra/report/src/report.ts'
import { type QuestionName, type Row } from '../../../infra/report/src/questions/question.ts'
import { questions } from '../../../infra/report/src/questions/questions.ts'
import type { Source } from '../../../infra/report/src/source.ts'
import { ownPorts } from '../../support/ports.ts'
import { install, lines, report } from './support/cli.ts'
import { chdbOf, duckdbOf, openChdb } from './support/engines.ts'
import * as oracle from './support/oracle.ts'
import { world, type World } from './support/world.ts'

const chdb = openChdb()
afterAll(() => chdb?.cleanup())

const none = { by: undefined, release: undefined }

const expected: Readonly<
  Record<Exclude<QuestionName, 'coverage'>, (world: World) => readonly Row[]>
> = {
  installs: oracle.installs,
  active: (one) => oracle.active(one, false),
  failures: oracle.failures,
  unfinished: oracle.unfinished,
  versions: oracle.versions,
  usage: oracle.usage,
}

const engines: readonly (readonly [string, (text: string) => Promise<Source>])[] = [
  ['DuckDB', duckdbOf],
  ...(chdb === undefined ? [] : [['ClickHouse', (text: string) => chdbOf(chdb, text)] as const]),
]

describe.each(engines)('every question on %s', (engine, open) => {
  const runs = { numRuns: engine === 'DuckDB' ? 40 : 20 }

  it('answers as a plain count over the same random events does', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (one) => {
        const source = await open(one.text)
        try {
          for (const [name, count] of Object.entries(expected)) {
            const rows = await rowsOf(source, questions[name as QuestionName], none)
            expect({ name, rows: bare(rows) }).toEqual({ name, rows: bare(count(one)) })
          }
          const days = await rowsOf(source, questions.active, { by: ['day'], release: undefined })
          expect(bare(days)).toEqual(bare(oracle.active(one, true)))
          const coverage = await rowsOf(source, questions.coverage, { by: [], release: undefined })
          expect(coverage).toMatchObject([
            { events: oracle.distinct(one).length, lost: oracle.lost(one) },
          ])
        } finally {
          source.close()
        }
      }),
      runs,
    )
  }, 180_000)
})

describe.each(engines)('a start whose release is unknown, on %s', (_, open) => {
  const cid = '55555555-5555-4555-8555-555555555555'
  const start = install('start', { cid, release: 'unknown' })
  const complete = (release: string, more: object = {}) =>
    install('complete', { cid, release, ...more })

  it.each([
    ['joins the one install of its id and platform', [complete('0.6.1')], [1, 1, 0]],
    ['stays open where there are two', [complete('0.6.1'), complete('0.6.0')], [1, 2, 1]],
    [
      'stays open where that is of another platform',
      [complete('0.6.1', { platform: 'linux-arm64' })],
      [1, 1, 1],
    ],
    [
      'stays open where that is of another id',
      [complete('0.6.1', { cid: '66666666-6666-4666-8666-666666666666' })],
      [1, 1, 1],
    ],
  ] as const)('%s', async (__, others, [started, completed, left]) => {
    const source = await open(lines(start, ...others))
    const ask = { by: [], release: undefined }
    const rows = await rowsOf(source, questions.installs, ask)
    source.close()
    expect(rows).toMatchObject([{ started, completed, failed: 0, open: left }])
  })
})

describe.skipIf(chdb === undefined)('both engines', () => {
  it('give the same coverage, the same comparison and the same site', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ text }) => {
        const sources = [await duckdbOf(text), await chdbOf(chdb!, text)]
        const found = []
        for (const source of sources) {
          // ClickHouse has merged some repeats away, and never saw what is unreadable.
          const { events, undated, from, until } = await source.coverage()
          const coverage = { events, undated, from, until }
          const chosen = { release: '0.6.1', compare: '0.6.0', until: undefined, now: Date.now() }
          const period = { measures: await measuresOf(source), more: undefined }
          const [site] = publicAnswers([period], '')
          const rows = site?.answers.map((one) => bare(one.rows))
          const { byDay } = site ?? {}
          found.push({ coverage, checked: await check(source, chosen), rows, byDay })
          source.close()
        }
        expect(found[1]).toEqual(found[0])
      }),
      { numRuns: 8 },
    )
  }, 180_000)
})

describe('a ClickHouse that is down, or is none', () => {
  it('ends with 1 and names the host, without the password', async () => {
    const [port] = await ownPorts(1)
    const down = await report(['--from', `clickhouse://me:secret@127.0.0.1:${port}/db`])
    expect({ code: down.code, out: down.out }).toEqual({ code: 1, out: '' })
    expect(down.err).toBe(
      `Can't reach ClickHouse at 127.0.0.1:${port}: it refuses the connection.\n`,
    )
    const mixed = await report(['--from', 'clickhouse://h', '--from', '-'])
    expect(mixed.code).toBe(2)
  })
})

describe('the coverage', () => {
  it('counts what came again, what is no event, and what has no day', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (one) => {
        const source = await duckdbOf(one.text)
        try {
          const distinct = oracle.distinct(one)
          const days = distinct.flatMap(({ day }) => day ?? []).toSorted()
          expect(await source.coverage()).toEqual({
            events: distinct.length,
            repeated: one.events.length - distinct.length,
            unreadable: one.unreadable,
            undated: distinct.length - days.length,
            from: days[0] ?? null,
            until: days.at(-1) ?? null,
          })
        } finally {
          source.close()
        }
      }),
      { numRuns: 20 },
    )
  }, 120_000)
})

/** In any order, and without the interval, which is tested on its own. */
function bare(rows: readonly Row[]): readonly string[] {
  const interval = new Set(['succeeded', 'low', 'high'])
  const without = (name: string, value: unknown) => (interval.has(name) ? undefined : value)
  return rows.map((row) => JSON.stringify(row, without)).toSorted()
}
