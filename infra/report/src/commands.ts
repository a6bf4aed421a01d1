import { check } from './check/check.ts'
import { markdownOf } from './check/markdown.ts'
import type { Report, Request } from './cli/request.ts'
import { daysAfter, dayOf } from './days.ts'
import { openDatabase } from './duckdb/database.ts'
import { erase, findings, stonesOf } from './erase/erase.ts'
import { tombstonesIn } from './erase/tombstones.ts'
import { ReportError } from './error.ts'
import { publicAnswers } from './public/answers.ts'
import { periods, writeSite } from './public/site.ts'
import { placeOf } from './read/places.ts'
import type { Host } from './run.ts'
import type { Answers } from './show/answers.ts'
import { plural } from './show/figures.ts'
import { printable } from './show/text.ts'
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
    const checked = await check(source, {
      release: request.release,
      compare: request.compare,
      until: request.window.until,
      now: host.now(),
    })
    const text = markdownOf(checked)
    if (request.output === undefined) await host.out(text)
    else writeWhole(request.output, text)
    return checked.silences.length > 0 || checked.comparisons.some(({ isWorse }) => isWorse) ? 1 : 0
  } finally {
    source.close()
  }
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
  const made = new Map<number, Answers>()
  for (const period of periods) {
    const window = { since: daysAfter(last, 1 - period), until: last }
    const source = await open({ ...request, window })
    try {
      made.set(period, await publicAnswers(source, title))
    } finally {
      source.close()
    }
  }
  writeSite(request.folder, made, last)
  return 0
}

export async function eraseCommand(request: Asked<'erase'>, host: Host): Promise<number> {
  const place = placeOf(request.from)
  if (place.kind !== 'folder') throw new ReportError(`${request.from} is no folder of segments.`)
  const { memory, threads } = request
  const database = await openDatabase({ memory, threads, temporary: host.temporary })
  try {
    if (request.prove === undefined && !request.pending) {
      const { lines, files } = await erase(database, place.folder, host.now())
      await host.out(`${plural(lines, 'event')} erased from ${plural(files, 'file')}.\n`)
      return 0
    }
    const stones =
      request.prove === undefined ? tombstonesIn(request.from) : stonesOf(request.prove)
    const found = await findings(database, place.folder, stones)
    for (const [file, count] of found)
      await host.out(`${printable(file)}: ${plural(count, 'event')}\n`)
    if (found.size === 0) await host.out('Nothing is found.\n')
    return found.size === 0 ? 0 : 1
  } finally {
    database.close()
  }
}
