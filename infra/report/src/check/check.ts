import { type Day, dayOf, daysAfter } from '../days.ts'
import { unknown } from '../facts/names.ts'
import { numberIn, type Row, text } from '../questions/question.ts'
import { questions } from '../questions/questions.ts'
import { compareReleases } from '../questions/releases.ts'
import { rowsOf } from '../report.ts'
import type { Source } from '../source.ts'
import { compare, type Comparison, installSubjects, runSubjects } from './compare.ts'
import { type Silence, silences } from './silence.ts'

export interface Checked {
  readonly release: string | undefined
  readonly before: string | undefined
  readonly comparisons: readonly Comparison[]
  readonly silences: readonly Silence[]
}

export interface Chosen {
  readonly release: string | undefined
  readonly compare: string | undefined
  readonly until: Day | undefined
  readonly now: number
}

export async function check(source: Source, chosen: Chosen): Promise<Checked> {
  const { release, before } = await releasesOf(source, chosen)
  const comparisons =
    release === undefined || before === undefined ? [] : await compared(source, before, release)
  return { release, before, comparisons, silences: await silent(source, chosen) }
}

/** A release that few have installed can't be compared yet. */
const leastEvents = 30

async function releasesOf(source: Source, chosen: Chosen) {
  const rows = await source.rows(`
SELECT release, count(*) AS events FROM facts
WHERE kind IN ('install', 'finished') AND release <> '${unknown}'
GROUP BY release ORDER BY release`)
  const names = rows
    .filter((row) => numberIn(row, 'events') >= leastEvents)
    .map((row) => String(row['release']))
    .toSorted(compareReleases)
  const release = chosen.release ?? names[0]
  const older = names.find((name) => release !== undefined && compareReleases(release, name) < 0)
  return { release, before: chosen.compare ?? older }
}

async function compared(
  source: Source,
  before: string,
  now: string,
): Promise<readonly Comparison[]> {
  const both = async (rows: (release: string) => Promise<readonly Row[]>) =>
    [await rows(before), await rows(now)] as const
  const installs = await both((release) =>
    rowsOf(source, questions.installs, { by: undefined, release }),
  )
  const failed = await both((release) => source.rows(perClient(release, failedRuns)))
  const unfinished = await both((release) => source.rows(perClient(release, unfinishedRuns)))
  return compare([
    ...installSubjects(...installs),
    ...runSubjects('runs failed', ...failed),
    ...runSubjects('runs unfinished', ...unfinished),
  ])
}

const failedRuns = `
  SELECT coalesce(client, id) AS who, os, arch, failed AS hit, release
  FROM facts WHERE kind = 'finished'`

const unfinishedRuns = `
  SELECT coalesce(max(client), session) AS who,
    min(CASE WHEN kind = 'started' THEN os ELSE '~' END) AS os,
    min(CASE WHEN kind = 'started' THEN arch ELSE '~' END) AS arch,
    1 - max(CASE WHEN kind = 'finished' THEN 1 ELSE 0 END) AS hit,
    min(release) AS release
  FROM facts WHERE kind IN ('started', 'finished') AND session IS NOT NULL
  GROUP BY session HAVING max(CASE WHEN kind = 'started' THEN 1 ELSE 0 END) = 1`

/** The sums of which the variance between clients is made. */
function perClient(release: string, runs: string): string {
  return `
WITH runs AS (${runs}),
clients AS (
  SELECT runs.who AS who, runs.os AS os, runs.arch AS arch, count(*) AS n, CAST(sum(runs.hit) AS BIGINT) AS hits
  FROM runs WHERE runs.release = ${text(release)} GROUP BY runs.who, runs.os, runs.arch
)
SELECT clients.os AS os, clients.arch AS arch,
  CAST(sum(clients.n) AS BIGINT) AS n, CAST(sum(clients.hits) AS BIGINT) AS hits,
  CAST(sum(clients.hits * clients.hits) AS BIGINT) AS hh,
  CAST(sum(clients.hits * clients.n) AS BIGINT) AS hn,
  CAST(sum(clients.n * clients.n) AS BIGINT) AS nn
FROM clients GROUP BY clients.os, clients.arch ORDER BY os, arch`
}

/** The day under way is not over, so nothing is missing in it yet. */
async function silent(source: Source, { until, now }: Chosen): Promise<readonly Silence[]> {
  const { until: latest } = await source.coverage()
  const yesterday = daysAfter(dayOf(now), -1)
  const end = until ?? latest
  if (end === null) return []
  const last = end > yesterday ? yesterday : end
  const found: Silence[] = []
  for (const columns of [
    ['kind', 'step'],
    ['os', 'arch'],
  ]) {
    const rows = await source.rows(`
SELECT day, ${columns.join(', ')}, count(*) AS events FROM facts
WHERE day <> '${unknown}' GROUP BY day, ${columns.join(', ')} ORDER BY day`)
    found.push(...silences(rows, columns, last))
  }
  return found
}
