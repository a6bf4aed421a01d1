import { helpFor } from './cli/help.ts'
import { type Report, type Request, requestOf, wrong } from './cli/request.ts'
import { openClickHouse } from './clickhouse/source.ts'
import { checkCommand, eraseCommand, publicCommand } from './commands.ts'
import { openFiles } from './duckdb/source.ts'
import { isOutOfMemory, ReportError, reasonOf } from './error.ts'
import { writeWhole } from './output.ts'
import { progressOn } from './progress.ts'
import { placeOf } from './read/places.ts'
import { answersOf } from './report.ts'
import type { Answers } from './show/answers.ts'
import { csvOf } from './show/csv.ts'
import { htmlOf } from './show/html.ts'
import { jsonOf } from './show/json.ts'
import { complaintOf, textOf, widthOf } from './show/text.ts'
import type { Source } from './source.ts'

/** The world outside, as far as a report knows it. */
export interface Host {
  readonly now: () => number
  readonly temporary: string
  readonly stdin: AsyncIterable<Buffer>
  /** False when it is time to end. */
  readonly pause: (milliseconds: number) => Promise<boolean>
  readonly out: (text: string) => Promise<void>
  readonly err: (text: string) => void
  readonly terminal: {
    readonly columns: number | undefined
    readonly isOut: boolean
    readonly isErr: boolean
    readonly colour: boolean
  }
  readonly clickhouse: { readonly user: string | undefined; readonly password: string | undefined }
}

const title = 'RunMat telemetry'

/** Gives the exit code: 0 done, 1 failed or worse than before, 2 wrong usage. */
export async function run(words: readonly string[], host: Host): Promise<number> {
  try {
    return await answer(requestOf(words, host.now()), host)
  } catch (error) {
    const complaint = explained(error)
    host.err(complaintOf(complaint))
    return complaint.exitCode
  }
}

function explained(error: unknown): ReportError {
  if (error instanceof ReportError) return error
  const { path } = error as { path?: unknown }
  const said = reasonOf(error)
  const isNamed = typeof path !== 'string' || said.includes(path)
  const reason = isNamed ? said : `can't use ${path}: ${said}`
  const hint = isOutOfMemory(error) ? { hint: 'Allow it more with --memory.' } : {}
  return new ReportError(`${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}.`, hint)
}

async function answer(request: Request, host: Host): Promise<number> {
  const open = (asked: Omit<Report, 'command'>) => openSource(asked, host)
  switch (request.command) {
    case 'help':
      await host.out(helpFor(widthOf(host.terminal.columns)))
      return 0
    case 'version':
      await host.out(`${BUILD_VERSION}\n`)
      return 0
    case 'report':
      return request.watch ? await watch(request, host) : await report(request, host)
    case 'check':
      return await checkCommand(request, host, open)
    case 'public':
      return await publicCommand(request, host, open, title)
    case 'erase':
      return await eraseCommand(request, host)
  }
}

async function report(request: Report, host: Host): Promise<number> {
  const text = await drawn(request, host)
  if (request.output === undefined) await host.out(text)
  else writeWhole(request.output, text)
  return 0
}

/** Draws at once, and then whenever an answer is another one. Ctrl-C ends it. */
async function watch(request: Report, host: Host): Promise<number> {
  let before = ''
  for (;;) {
    const text = await drawn(request, host)
    if (text !== before) await host.out(host.terminal.isOut ? `\u001B[2J\u001B[H${text}` : text)
    before = text
    if (!(await host.pause(watchEvery))) return 0
  }
}

const watchEvery = 5000

async function drawn(request: Report, host: Host): Promise<string> {
  const source = await openSource(request, host)
  try {
    return shown(await answersOf(source, request, title), request, host)
  } finally {
    source.close()
  }
}

async function openSource(request: Omit<Report, 'command'>, host: Host): Promise<Source> {
  const places = request.from.map(placeOf)
  const [first] = places
  if (first?.kind === 'clickhouse') {
    if (places.length > 1) throw wrong('clickhouse:// stands alone, without other places.')
    return openClickHouse(first.address, host.clickhouse, request.window)
  }
  if (places.some(({ kind }) => kind === 'clickhouse')) {
    throw wrong('clickhouse:// stands alone, without other places.')
  }
  const progress = progressOn(host.err, host.terminal)
  try {
    return await openFiles({
      places,
      window: request.window,
      bounds: { memory: request.memory, threads: request.threads, temporary: host.temporary },
      now: host.now(),
      stdin: host.stdin,
      progress,
    })
  } finally {
    progress.end()
  }
}

function shown(answers: Answers, { format, output }: Report, { terminal }: Host): string {
  switch (format) {
    case 'json':
      return jsonOf(answers)
    case 'csv':
      return csvOf(answers)
    case 'html':
      return htmlOf(answers)
    case 'text': {
      const isFile = output !== undefined
      const width = widthOf(isFile ? undefined : terminal.columns)
      return textOf(answers, { width, colour: terminal.colour && !isFile })
    }
  }
}
