import { numberIn, type QuestionName, type Row } from '../questions/question.ts'
import { questions } from '../questions/questions.ts'
import { rowsOf } from '../report.ts'
import type { Source } from '../source.ts'
import type { Candidate, Together } from './protect.ts'

/** A question's rows with the number of installs that stand behind each of its counts. */
export interface Measured {
  readonly leading: readonly string[]
  readonly candidates: readonly Candidate[]
  readonly together: Together
}

const none = { by: undefined, release: undefined }

export async function measured(source: Source, name: QuestionName): Promise<Measured> {
  switch (name) {
    case 'installs':
      return await installs(source)
    case 'active':
      return await active(source, [])
    case 'failures':
      return await plain(source, name, ['runs', 'installs'], 'installs')
    case 'unfinished':
      return await unfinished(source)
    case 'versions':
      return await versions(source)
    case 'usage':
      return await plain(source, name, ['count', 'installs'], 'installs')
    case 'coverage':
      return await plain(source, name, ['events', 'clients', 'undated', 'lost'], 'clients')
  }
}

async function plain(
  source: Source,
  name: QuestionName,
  columns: readonly string[],
  weight: string,
): Promise<Measured> {
  const { leading } = questions[name]
  const rows = await rowsOf(source, questions[name], none)
  const candidates = rows.map((row) => ({
    leading: leading.map((column) => String(row[column])),
    weight: numberIn(row, weight),
    cells: cellsOf(row, columns, () => numberIn(row, weight)),
  }))
  return { leading, candidates, together: [] }
}

async function installs(source: Source): Promise<Measured> {
  const { leading } = questions.installs
  const rows = await rowsOf(source, questions.installs, none)
  const candidates = rows.map((row) => ({
    leading: leading.map((column) => String(row[column])),
    weight: ['completed', 'failed', 'open'].reduce((sum, name) => sum + numberIn(row, name), 0),
    cells: cellsOf(row, ['started', 'completed', 'failed', 'open'], (name) => numberIn(row, name)),
  }))
  // Nearly every install has a start, so the starts are the sum of the others.
  return { leading, candidates, together: [['started', 'completed', 'failed', 'open']] }
}

const flags = ['jit_enabled', 'jit_used', 'accelerate_enabled', 'gpu_used'] as const

/** Where nearly all did something, the few that did not are as easy to see. */
export async function active(source: Source, by: readonly 'day'[]): Promise<Measured> {
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
    ]),
  ].join(', ')}
FROM facts WHERE kind = 'finished' ${by.length === 0 ? '' : `GROUP BY ${by.join(', ')}`}
ORDER BY ${by.length === 0 ? 'finished' : by.join(', ')}`)
  const candidates = rows.map((row) => ({
    leading: leading.map((column) => String(row[column])),
    weight: numberIn(row, 'clients'),
    cells: cellsOf(row, ['finished', ...flags], (name) => {
      if (name === 'finished') return numberIn(row, 'clients')
      const others = numberIn(row, `without_${name}`)
      const own = numberIn(row, `with_${name}`)
      return others === 0 ? own : Math.min(own, others)
    }),
  }))
  return { leading, candidates, together: [] }
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
    const few = Math.min(numberIn(row, 'finished_clients'), numberIn(row, 'unfinished_clients'))
    const clients = numberIn(row, 'clients')
    return {
      leading: [],
      weight: clients,
      cells: {
        started: { value: started, installs: clients },
        finished: { value: finished, installs: few },
        unfinished: { value: started - finished, installs: few },
      },
    }
  })
  return { leading: [], candidates, together: [] }
}

async function versions(source: Source): Promise<Measured> {
  const rows = await rowsOf(source, questions.versions, none)
  const ran = await source.rows(`
SELECT release, count(DISTINCT client) AS clients FROM facts
WHERE kind = 'finished' GROUP BY release ORDER BY release`)
  const running = new Map(ran.map((row) => [row['release'], numberIn(row, 'clients')]))
  const candidates = rows.map((row) => ({
    leading: [String(row['release'])],
    weight: numberIn(row, 'clients'),
    // The first and the last day of a release may be those of one install.
    cells: cellsOf(row, ['clients', 'runs', 'installs'], (name) =>
      name === 'runs' ? (running.get(row['release'] ?? null) ?? 0) : numberIn(row, name),
    ),
  }))
  return { leading: ['release'], candidates, together: [] }
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
