import { help } from './cli/help.ts'
import { type Report, type Request, requestOf } from './cli/request.ts'
import { openFiles } from './duckdb/source.ts'
import { ReportError, reasonOf } from './error.ts'
import { writeWhole } from './output.ts'
import { placeOf } from './read/places.ts'
import { answersOf } from './report.ts'
import type { Answers } from './show/answers.ts'
import { csvOf } from './show/csv.ts'
import { htmlOf } from './show/html.ts'
import { jsonOf } from './show/json.ts'
import { printable, textOf, widthOf } from './show/text.ts'
import type { Source } from './source.ts'

/** The world outside, as far as a report knows it. */
export interface Host {
  readonly now: () => number
  readonly temporary: string
  readonly stdin: AsyncIterable<Buffer>
  readonly pid: number
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
    const message = error instanceof ReportError ? error.message : `${reasonOf(error)}.`
    const hint = error instanceof ReportError ? error.hint : undefined
    host.err(`${printable(message)}\n${hint === undefined ? '' : `${printable(hint)}\n`}`)
    return error instanceof ReportError ? error.exitCode : 1
  }
}

async function answer(request: Request, host: Host): Promise<number> {
  switch (request.command) {
    case 'help':
      await host.out(help)
      return 0
    case 'version':
      await host.out(`${BUILD_VERSION}\n`)
      return 0
    case 'report':
      return await report(request, host)
    default:
      throw new ReportError('not yet')
  }
}

async function report(request: Report, host: Host): Promise<number> {
  const source = await openSource(request, host)
  try {
    const answers = await answersOf(source, request, title)
    const text = shown(answers, request, host)
    if (request.output === undefined) await host.out(text)
    else writeWhole(request.output, text)
    return 0
  } finally {
    source.close()
  }
}

async function openSource(request: Omit<Report, 'command'>, host: Host): Promise<Source> {
  return await openFiles({
    places: request.from.map(placeOf),
    window: request.window,
    bounds: { memory: request.memory, threads: request.threads, temporary: host.temporary },
    now: host.now(),
    stdin: host.stdin,
    progress: {
      step: (text) =>
        host.terminal.isErr ? host.err(`\r\u001B[K${printable(text)} …`) : undefined,
      note: (text) => host.err(`${printable(text)}\n`),
    },
  })
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
