import { byColumns } from '../facts/columns.ts'
import { wrap } from '../show/text.ts'

const help = `Answers from collected telemetry.

Usage: runmat-telemetry-report --from PLACE [question …] [option …]
       runmat-telemetry-report erase --from FOLDER
         [--prove ID | --pending | --done ID]

A PLACE is a folder of segments, a file of events (.ndjson, .gz, .parquet),
- for the standard input, or clickhouse://user@host:8123/database. --from may
be given several times.

Questions (without one, all of them):
  installs     do they succeed, by operating system and processor
  active       how often JIT and acceleration are enabled, and used
  failures     where runs fail
  unfinished   runs that started and never finished
  versions     releases in use
  usage        subcommands, engines and capabilities
  coverage     what arrived, and what is missing

Options:
  --since 30d|DATE   the last 30 days, or from this day on; without it, all
  --until DATE       up to and including this day
  --by COLUMN,…      count by these columns:
                     ${byColumns.slice(0, 7).join(', ')},
                     ${byColumns.slice(7).join(', ')}
  --release V        only this release; --compare V shows another one beside it
  --top N            the first N rows of each question
  --format FORMAT    text, json, csv or html
  --output FILE      write there
  --public FOLDER    make the public site: 30, 90 and 365 days, small counts
                     hidden
  --check            compare the newest release with the one before, and look
                     for silence; exit code 1 when something is worse
  --watch            draw again whenever something arrives
  --memory SIZE      the most memory that DuckDB may use to answer (1GB);
                     --threads N (2)
  --help, --version

Closed days of a folder are converted once to Parquet beside the segments.
erase removes what the folder's erased.ndjson names from closed segments and
Parquet, those of further products included. --prove ID searches every file for
it, or ClickHouse with --from clickhouse://. --pending lists what is left,
PostHog's part included, until the worker has deleted it or --done ID says that
you have. Both exit with 1 while something is left.

Exit codes: 0 done, 1 failed, or --check found something, 2 wrong usage.
`

/** As it is written here, or for a narrower terminal with its paragraphs broken again. */
export function helpFor(width: number): string {
  if (width >= 80) return help
  const paragraphs: string[] = []
  let before = ''
  for (const line of help.split('\n')) {
    const isContinued =
      /^ {19}/.test(line) || (/^\S/.test(line) && /^\S.*[^:]$/.test(before) && !isUsage(before))
    if (isContinued) paragraphs.push(`${paragraphs.pop() ?? ''} ${line.trim()}`)
    else paragraphs.push(line)
    before = line
  }
  return paragraphs.flatMap((paragraph) => wrapped(paragraph, width)).join('\n')
}

function isUsage(line: string): boolean {
  return line.startsWith('Usage: ')
}

/** Later lines begin where the first one's text does. */
function wrapped(paragraph: string, width: number): readonly string[] {
  const head = isUsage(paragraph)
    ? 'Usage:   '
    : (/^ {2}\S.*? {2,}(?=\S)/.exec(paragraph)?.[0] ?? /^ */.exec(paragraph)?.[0] ?? '')
  const start = isUsage(paragraph) ? 'Usage: ' : head
  const [first = '', ...rest] = wrap(paragraph.slice(start.length), width - head.length)
  return [`${start}${first}`, ...rest.map((line) => `${' '.repeat(head.length)}${line}`)]
}
