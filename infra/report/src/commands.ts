import { check } from './check/check.ts'
import { markdownOf } from './check/markdown.ts'
import type { Report, Request } from './cli/request.ts'
import { openClickHouse } from './clickhouse/source.ts'
import { type Day, daysAfter, dayOf } from './days.ts'
import { type Database, openDatabase } from './duckdb/database.ts'
import { erase, type Erased, type Failed, findings, stonesOf, unless } from './erase/erase.ts'
import { leftInPostHog, markDone } from './erase/posthog.ts'
import { type Tombstones, tombstonesIn, tombstonesOf } from './erase/tombstones.ts'
import { ReportError } from './error.ts'
import { isId } from './facts/identity.ts'
import { type Period, publicAnswers } from './public/answers.ts'
import { measuresOf } from './public/measures.ts'
import { periods, writeSite } from './public/site.ts'
import { numberIn, text } from './questions/question.ts'
import { type Folder, foldersAt, placeOf } from './read/places.ts'
import type { Host } from './run.ts'
import { plural } from './show/figures.ts'
import { complaintOf, printable } from './show/text.ts'
import type { Source } from './source.ts'
import { writeWhole } from './output.ts'

type Asked<Name extends Request['command']> = Extract<Request, { readonly command: Name }>
type Open = (request: Omit<Report, 'command'>) => Promise<Source>

export async function checkCommand(
  request: Asked<'check'>,
  host: Host,
  open: Open,
): Promise<number> {
  const source = await open(request)
  try {
    if ((await source.coverage()).events === 0) {
      throw new ReportError(`No events in ${placesOf(request)}: nothing was compared.`)
    }
    const checked = await check(source, {
      release: request.release,
      compare: request.compare,
      until: request.window.until,
      now: host.now(),
    })
    const markdown = markdownOf(checked)
    if (request.output === undefined) await host.out(markdown)
    else writeWhole(request.output, markdown)
    return checked.silences.length > 0 || checked.comparisons.some(({ isWorse }) => isWorse) ? 1 : 0
  } finally {
    source.close()
  }
}

function placesOf({ from }: Asked<'check'>): string {
  const nameOf = (place: string) => {
    if (place === '-') return 'the standard input'
    // The address may contain a password.
    return placeOf(place).kind === 'clickhouse' ? 'ClickHouse' : place
  }
  return from.map(nameOf).join(', ')
}

export async function publicCommand(
  request: Asked<'public'>,
  host: Host,
  open: Open,
  title: string,
): Promise<number> {
  if (request.from.includes('-')) {
    throw new ReportError(
      '--public reads its places once for each period, and the standard input comes once.',
      { exitCode: 2 },
    )
  }
  const last = request.window.until ?? dayOf(host.now())
  const measure = async (since: Day, until: Day) => {
    const source = await open({ ...request, window: { since, until } })
    try {
      return await measuresOf(source)
    } finally {
      source.close()
    }
  }
  const measured: Period[] = []
  let shorter: number | undefined
  for (const period of periods) {
    const since = daysAfter(last, 1 - period)
    const more = shorter === undefined ? undefined : await measure(since, daysAfter(last, -shorter))
    measured.push({ measures: await measure(since, last), more })
    shorter = period
  }
  writeSite(request.folder, publicAnswers(measured, title), last)
  return 0
}

export async function eraseCommand(request: Asked<'erase'>, host: Host): Promise<number> {
  const { from, memory, threads, prove, pending, done } = request
  if (placeOf(from).kind === 'clickhouse') return await proveInClickHouse(request, host)
  if (placeOf(from).kind !== 'folder') throw new ReportError(`${from} is no folder of segments.`)
  const folders = foldersAt(from)
  const stones = tombstonesIn(from)
  if (done.length > 0) {
    markDone(from, stones, done, host.now())
    await host.out(`${plural(done.length, 'id')} marked as deleted in PostHog.\n`)
    return 0
  }
  const database = await openDatabase({ memory, threads, temporary: host.temporary })
  const failures: ReportError[] = []
  const work: Work = { database, folders, failed: (error) => void failures.push(error) }
  const end = (isLeft: boolean, again: string): number => {
    const replace = `Delete it, or put back a copy of it, and ${again} again.`
    for (const { message, isUnreadable, hint = replace } of failures)
      host.err(complaintOf(new ReportError(message, isUnreadable ? { hint } : {})))
    return isLeft || failures.length > 0 ? 1 : 0
  }
  try {
    if (prove === undefined && !pending) {
      const { lines, files, open } = await eraseAll(work, stones, host.now())
      await host.out(`${plural(lines, 'event')} erased from ${plural(files, 'file')}.\n`)
      if (tombstonesOf(from) === undefined)
        await host.out(`There is no erased.ndjson in ${printable(from)} or in the folder above.\n`)
      if (open > 0)
        await host.out(
          `${plural(open, 'event')} of the open day left: erase again once the day is over (UTC).\n`,
        )
      return end(false, 'erase')
    }
    const left = await searchAll(work, prove === undefined ? stones : stonesOf(prove))
    if (pending) left.push(...elsewhere(leftInPostHog(from, stones)))
    if (left.length > 0) await host.out(`${left.join('\n')}\n`)
    else if (failures.length === 0) {
      if (prove !== undefined) requireId(prove)
      await host.out('Nothing is found.\n')
    }
    if (pending && stones.clients.size + stones.events.size > 0) await host.out(ofGoogle)
    return end(left.length > 0, 'search')
  } finally {
    database.close()
  }
}

interface Work {
  readonly database: Database
  readonly folders: readonly Folder[]
  readonly failed: Failed
}

async function eraseAll(
  { database, folders, failed }: Work,
  stones: Tombstones,
  now: number,
): Promise<Erased> {
  const all = { lines: 0, files: 0, open: 0 }
  for (const folder of folders) {
    const erased = await unless(failed, () => erase(database, folder, stones, now, failed))
    all.lines += erased?.lines ?? 0
    all.files += erased?.files ?? 0
    all.open += erased?.open ?? 0
  }
  return all
}

async function searchAll(
  { database, folders, failed }: Work,
  stones: Tombstones,
): Promise<string[]> {
  const left: string[] = []
  for (const folder of folders) {
    for (const [file, count] of await findings(database, folder, stones, failed))
      left.push(`${printable(file)}: ${plural(count, 'event')}`)
  }
  return left
}

/** "Nothing is found" about a mistyped id would be taken for a proof. */
function requireId(given: string): void {
  if (isId(given)) return
  throw new ReportError(
    `Nothing is found, but "${printable(given)}" is no id that our clients make.`,
    {
      hint: 'Check it: an id is a UUID, or 1767139200-28913 or anon-….',
      exitCode: 2,
    },
  )
}

async function proveInClickHouse({ from, prove }: Asked<'erase'>, host: Host): Promise<number> {
  if (prove === undefined) {
    throw new ReportError('In ClickHouse the worker erases; erase can only --prove an ID there.', {
      exitCode: 2,
    })
  }
  const source = openClickHouse(from, host.clickhouse, { since: undefined, until: undefined })
  const ids = [...stonesOf(prove).clients].map(text).join(', ')
  const [row] = await source.rows(
    `SELECT count(*) AS n FROM facts WHERE client IN (${ids}) OR id IN (${ids})`,
  )
  const found = numberIn(row ?? {}, 'n')
  if (found === 0) requireId(prove)
  await host.out(found === 0 ? 'Nothing is found.\n' : `ClickHouse: ${plural(found, 'event')}\n`)
  return found === 0 ? 0 : 1
}

/** What only PostHog or an operator can delete. */
function elsewhere({ clients, events }: Tombstones): readonly string[] {
  return [
    ...[...clients].map((id) => `PostHog: client ${id}`),
    ...[...events].map((id) => `PostHog: event ${id}, which it deletes only with its person`),
  ]
}

const ofGoogle =
  'GA4, if it is in use, can’t be searched. Delete clients with Google’s User Deletion API, or wait for ' +
  'its retention to end.\n'
