import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import { rowsOf } from '../../../infra/report/src/report.ts'
import { type QuestionName, type Row } from '../../../infra/report/src/questions/question.ts'
import { questions } from '../../../infra/report/src/questions/questions.ts'
import type { Source } from '../../../infra/report/src/source.ts'
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
  const runs = { numRuns: engine === 'DuckDB' ? 60 : 40 }

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
      { numRuns: 40 },
    )
  }, 120_000)
})

/** In any order, and without the interval, which is tested on its own. */
function bare(rows: readonly Row[]): readonly string[] {
  const interval = new Set(['succeeded', 'low', 'high'])
  const without = (name: string, value: unknown) => (interval.has(name) ? undefined : value)
  return rows.map((row) => JSON.stringify(row, without)).toSorted()
}
