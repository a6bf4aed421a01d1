import { numberIn, type QuestionName, questionNames, type Row } from '../questions/question.ts'
import { questions } from '../questions/questions.ts'
import { rowsOf } from '../report.ts'
import type { Coverage, Source } from '../source.ts'
import { type Candidate, type Cell, fewest, type Measured } from './measured.ts'

/** All that is known of some days before it is decided what of it may be seen. */
export interface Measures {
  readonly tables: Readonly<Record<QuestionName, Measured>>
  readonly byDay: Measured
  readonly coverage: Coverage
  /** How many installs sent something. */
  readonly clients: number
}

export async function measuresOf(source: Source): Promise<Measures> {
  const tables: Partial<Record<QuestionName, Measured>> = {}
  for (const name of questionNames) tables[name] = await measured(source, name)
  const [row] = await source.rows('SELECT count(DISTINCT coalesce(client, id)) AS n FROM facts')
  return {
    tables: tables as Record<QuestionName, Measured>,
    byDay: await active(source, ['day']),
    coverage: await source.coverage(),
    clients: numberIn(row ?? {}, 'n'),
  }
}

const none = { by: undefined, release: undefined }

async function measured(source: Source, name: QuestionName): Promise<Measured> {
  switch (name) {
    case 'installs':
      return await installs(source)
    case 'active':
      return await active(source, [])
    case 'failures':
      return await failures(source)
    case 'unfinished':
      return await unfinished(source)
    case 'versions':
      return await versions(source)
    case 'usage':
      return await usage(source)
    case 'coverage':
      return await coverage(source)
  }
}

async function failures(source: Source): Promise<Measured> {
  const { leading } = questions.failures
  const rows = await rowsOf(source, questions.failures, none)
  const candidates = rows.map((row) => {
    const weight = numberIn(row, 'installs')
    return {
      leading: namesIn(row, leading),
      weight,
      cells: cellsOf(row, ['runs', 'installs'], () => weight),
    }
  })
  const [rest] = await source.rows(`
SELECT count(*) AS runs, count(DISTINCT client) AS clients FROM facts
WHERE kind = 'finished' AND failed = 0`)
  // Nothing published is a total of failed runs, so many rare codes may stand for the same installs.
  return {
    leading,
    candidates,
    counts: 'events',
    isSum: true,
    rest: { value: numberIn(rest ?? {}, 'runs'), installs: numberIn(rest ?? {}, 'clients') },
  }
}

/** A subcommand's count is the sum of those by outcome. */
async function usage(source: Source): Promise<Measured> {
  const { leading } = questions.usage
  const rows = await rowsOf(source, questions.usage, none)
  const names = new Set(rows.map((row) => String(row['name'])))
  const candidates = rows.map((row): Candidate => {
    const [weight, name] = [numberIn(row, 'installs'), String(row['name'])]
    const subcommand = name.slice(0, name.lastIndexOf('_'))
    const isOutcome = row['group'] === 'subcommand' && names.has(subcommand)
    return {
      leading: namesIn(row, leading),
      weight,
      path: [String(row['group']), isOutcome ? subcommand : name, name],
      cells: cellsOf(row, ['count', 'installs'], () => weight),
    }
  })
  return { leading, candidates, counts: 'installs', isSum: false }
}

async function coverage(source: Source): Promise<Measured> {
  const { leading } = questions.coverage
  const rows = await rowsOf(source, questions.coverage, none)
  const losing = await losingIn(source)
  const candidates = rows.map((row) => {
    const weight = numberIn(row, 'clients')
    return {
      leading: namesIn(row, leading),
      weight,
      cells: cellsOf(row, ['events', 'clients', 'undated', 'lost'], (name) =>
        name === 'lost' && row['family'] === 'usage' ? losing : weight,
      ),
    }
  })
  return { leading, candidates, counts: 'events', isSum: false, isWithoutTotal: true }
}

/** Clients of whose usage events one is missing. */
async function losingIn(source: Source): Promise<number> {
  const [row] = await source.rows(`
WITH numbers AS (
  SELECT max(sequence) - min(sequence) + 1 - count(DISTINCT sequence) AS gap
  FROM facts WHERE kind = 'usage' AND sequence >= 0 GROUP BY coalesce(client, id)
)
SELECT count(*) AS n FROM numbers WHERE gap > 0`)
  return numberIn(row ?? {}, 'n')
}

async function installs(source: Source): Promise<Measured> {
  const { leading } = questions.installs
  const rows = await rowsOf(source, questions.installs, none)
  const parts = ['completed', 'failed', 'open']
  const candidates = rows.map((row) => ({
    leading: namesIn(row, leading),
    weight: parts.reduce((sum, name) => sum + numberIn(row, name), 0),
    cells: cellsOf(row, ['started', ...parts], (name) => numberIn(row, name)),
  }))
  // Nearly every install has a start, so the starts are the sum of the others.
  return { leading, candidates, counts: 'installs', isSum: true, together: [['started', ...parts]] }
}

const flags = ['jit_enabled', 'jit_used', 'accelerate_enabled', 'gpu_used'] as const
const needs: Readonly<Partial<Record<(typeof flags)[number], string>>> = {
  jit_used: 'jit_enabled',
  gpu_used: 'accelerate_enabled',
}

/**
 * Where nearly all did something, the few that did not are as easy to see; so are those that had it
 * enabled and did not use it.
 */
async function active(source: Source, by: readonly 'day'[]): Promise<Measured> {
  const leading = by.map(String)
  const rows = await source.rows(`
SELECT ${[
    ...by,
    'count(*) AS finished',
    'count(DISTINCT client) AS clients',
    ...flags.flatMap((name) => [
      `CAST(coalesce(sum(facts.${name}), 0) AS BIGINT) AS ${name}`,
      `count(DISTINCT CASE WHEN facts.${name} = 1 THEN client ELSE NULL END) AS with_${name}`,
      `count(DISTINCT CASE WHEN facts.${name} = 0 THEN client ELSE NULL END) AS without_${name}`,
      `count(DISTINCT CASE WHEN facts.${needs[name] ?? name} = 1 AND facts.${name} = 0 THEN client ELSE NULL END) AS idle_${name}`,
    ]),
  ].join(', ')}
FROM facts WHERE kind = 'finished' ${by.length === 0 ? '' : `GROUP BY ${by.join(', ')}`}
ORDER BY ${by.length === 0 ? 'finished' : by.join(', ')}`)
  const candidates = rows.map((row) => ({
    leading: namesIn(row, leading),
    weight: numberIn(row, 'clients'),
    cells: {
      ...cellsOf(row, ['finished'], () => numberIn(row, 'clients')),
      ...Object.fromEntries(
        flags.map((name) => {
          const groups = ['with', 'without', 'idle'].map((which) =>
            numberIn(row, `${which}_${name}`),
          )
          return [name, cellOf(numberIn(row, name), groups)]
        }),
      ),
    },
  }))
  return { leading, candidates, counts: 'events', isSum: false }
}

async function unfinished(source: Source): Promise<Measured> {
  const rows = await source.rows(`
WITH runs AS (
  SELECT session, min(client) AS client,
    max(CASE WHEN kind = 'started' THEN 1 ELSE 0 END) AS has_started,
    max(CASE WHEN kind = 'finished' THEN 1 ELSE 0 END) AS has_finished
  FROM facts WHERE kind IN ('started', 'finished') AND session IS NOT NULL
  GROUP BY session
)
SELECT count(*) AS started, count(DISTINCT client) AS clients,
  count(DISTINCT CASE WHEN has_finished = 1 THEN client ELSE NULL END) AS finished_clients,
  count(DISTINCT CASE WHEN has_finished = 0 THEN client ELSE NULL END) AS unfinished_clients,
  CAST(coalesce(sum(has_finished), 0) AS BIGINT) AS finished
FROM runs WHERE has_started = 1`)
  const candidates = rows.map((row): Candidate => {
    const [started, finished] = [numberIn(row, 'started'), numberIn(row, 'finished')]
    const groups = [numberIn(row, 'finished_clients'), numberIn(row, 'unfinished_clients')]
    return {
      leading: [],
      weight: numberIn(row, 'clients'),
      cells: {
        // Another table has the finished runs, so each of these gives the others away.
        started: cellOf(started, groups),
        finished: cellOf(finished, groups),
        unfinished: cellOf(started - finished, groups),
      },
    }
  })
  const together = [['started', 'finished', 'unfinished']]
  return { leading: [], candidates, counts: 'events', isSum: false, together }
}

async function versions(source: Source): Promise<Measured> {
  const rows = await rowsOf(source, questions.versions, none)
  const behind = await source.rows(`
SELECT release, count(DISTINCT client) AS clients,
  count(DISTINCT CASE WHEN kind = 'finished' THEN client ELSE NULL END) AS runs,
  count(DISTINCT CASE WHEN kind = 'install' AND step = 'complete' THEN coalesce(client, id) ELSE NULL END) AS installs
FROM facts GROUP BY release ORDER BY release`)
  const known = new Map(behind.map((row) => [row['release'], row]))
  const candidates = rows.map((row) => ({
    leading: namesIn(row, ['release']),
    weight: numberIn(row, 'clients'),
    // The first and the last day of a release may be those of one install.
    cells: cellsOf(row, ['clients', 'runs', 'installs'], (name) =>
      numberIn(known.get(row['release'] ?? null) ?? {}, name),
    ),
  }))
  return { leading: ['release'], candidates, counts: 'events', isSum: false }
}

function namesIn(row: Row, leading: readonly string[]): readonly string[] {
  return leading.map((column) => String(row[column]))
}

/** A count that gives several groups away. */
function cellOf(value: number, groups: readonly number[]): Cell {
  return { value, installs: value === 0 ? 0 : fewest(groups), groups }
}

function cellsOf(
  row: Row,
  names: readonly string[],
  installsOf: (name: string) => number,
): Candidate['cells'] {
  return Object.fromEntries(
    names.map((name) => [name, { value: numberIn(row, name), installs: installsOf(name) }]),
  )
}
