import { sightingOf } from '../../files/snapshot.ts'
import { foreignIn } from '../../store/foreign.ts'
import type { Sent } from '../../store/ledger-lines.ts'
import { knownLedger, ledgerNow } from '../access.ts'
import { answerOf, hostOf } from '../delivery-words.ts'
import { CliError, wrongUsage } from '../error.ts'
import { interruption } from '../interruption.ts'
import { foldOut } from '../fold.ts'
import type { Invocation } from '../invocation.ts'
import { printable, toJson } from '../io.ts'
import { ago } from '../time.ts'
import { foreignText, plural, tidy } from '../words.ts'

export interface LogOptions {
  readonly json?: boolean
  /** The bytes of each event as well. */
  readonly full?: boolean
  readonly follow?: boolean
  readonly lines?: string
}

/** A terminal holds about as many lines. */
const shownInTerminal = 20
/** As many as tail shows before it follows. */
const shownBeforeFollowing = 10
const lookEveryMs = 300

/** What was sent, newest first, one line per event. */
export async function log(invocation: Invocation, options: LogOptions): Promise<void> {
  const limit = limitIn(options.lines)
  if (options.follow) return await follow(invocation, options, limit ?? shownBeforeFollowing)
  const { io, context } = invocation
  const sent = knownLedger(context)
  const shown = sent.slice(
    0,
    limit ?? (io.outIsTerminal && !options.json ? shownInTerminal : Infinity),
  )
  if (options.json) return io.out(toJson(shown))
  const columns = columnsFor(shown, invocation)
  io.out(shown.map((one) => lineOf(one, invocation, options, columns)).join(''))
  io.out(`${foldOut(summary(shown.length, sent.length, columns, invocation), io).join('\n')}\n`)
}

function summary(
  shown: number,
  all: number,
  { onlyHost }: Columns,
  { context, product }: Invocation,
): readonly string[] {
  const file = tidy(context.paths.ledger, context)
  const rest = `${onlyHost === undefined ? '' : ` to ${onlyHost}`}, newest first, from ${file}`
  if (all === 0) {
    const foreign = foreignIn(context.paths).map((one) => foreignText(one, context))
    if (foreign.length > 0) return ['What was sent is not shown:', ...foreign]
    return ['Nothing is on record as sent from this machine.']
  }
  if (shown < all) {
    return [
      `${shown} of ${plural(all, 'event')}${rest}`,
      `See all of them: ${product.command} log -n ${all}`,
    ]
  }
  return [`${plural(all, 'event')}${rest}`]
}

/** Oldest first, as they come. */
async function follow(invocation: Invocation, options: LogOptions, before: number): Promise<void> {
  const { io, context, environment } = invocation
  const { ledger } = context.paths
  const { happened } = interruption(io)
  const tell = (sent: readonly Sent[]): void => {
    for (const one of sent.toReversed()) {
      io.out(options.json ? `${JSON.stringify(one)}\n` : lineOf(one, invocation, options))
    }
  }
  let last = knownLedger(context)
  let seen = sightingOf(ledger).trace
  let awaited = 0
  tell(last.slice(0, before))
  if (io.outIsClosed()) return
  if (!options.json) io.err('Following what is sent. Ctrl-C ends it.\n')
  let timer: NodeJS.Timeout | undefined
  const unread = new Promise<void>((resolve) => {
    timer = setInterval(() => {
      const now = sightingOf(ledger).trace
      if (now === seen && awaited === 0) return
      const all = ledgerNow(ledger)
      // Taken for empty, all of it would be new the next time.
      if (all === undefined) return
      seen = now
      const sent = all.filter((one) => !mayBeAnswered(one, environment.now()))
      awaited = all.length - sent.length
      tell(newSince(last, sent))
      last = sent
      if (io.outIsClosed()) resolve()
    }, lookEveryMs)
  })
  await Promise.race([happened, unread])
  clearInterval(timer)
}

/** Most answers come sooner. A post whose answer comes later is told of twice. */
const answerMs = 2000

function mayBeAnswered({ sent_at: sentAt, via, confirmed }: Sent, now: number): boolean {
  return via === 'http' && confirmed === false && Math.abs(now - Date.parse(sentAt)) < answerMs
}

/** Both newest first. The ledger may have lost its oldest lines in between, but never newer ones. */
function newSince(before: readonly Sent[], now: readonly Sent[]): readonly Sent[] {
  const known = new Set(before.map((one) => JSON.stringify(one)))
  return now.filter((one) => !known.has(JSON.stringify(one)))
}

interface Columns {
  /** Of each column. */
  readonly widths: readonly number[]
  /** Where all of them went, if the lines have no room for that. */
  readonly onlyHost?: string
}

/** Each line breaks as it needs to. */
const noColumns: Columns = { widths: [] }

/** In a terminal that is wide enough, what belongs together stands in columns. */
function columnsFor(shown: readonly Sent[], invocation: Invocation): Columns {
  const { io } = invocation
  if (!io.outIsTerminal) return noColumns
  const widths = widthsOf(shown.map((one) => partsOf(one, invocation)))
  if (fits(widths, io)) return { widths }
  const [onlyHost, ...others] = new Set(shown.map(({ endpoint }) => hostOf(endpoint)))
  if (onlyHost === undefined || others.length > 0) return noColumns
  const without = { ...noColumns, onlyHost }
  const fewer = widthsOf(shown.map((one) => partsOf(one, invocation, without)))
  return fits(fewer, io) ? { widths: fewer, onlyHost } : noColumns
}

function widthsOf(rows: readonly (readonly string[])[]): readonly number[] {
  const [first = []] = rows
  return first.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
}

function fits(widths: readonly number[], { outWidth }: Invocation['io']): boolean {
  return widths.reduce((sum, width) => sum + width + 2, -2) <= outWidth()
}

/** What, when, where to, and the answer. */
function partsOf(
  sent: Sent,
  { environment }: Invocation,
  { onlyHost }: Columns = noColumns,
): readonly string[] {
  const { sent_at: sentAt, endpoint, event } = sent
  return [
    titleOf(event),
    ago(Date.parse(sentAt), environment.now()),
    ...(onlyHost === undefined ? [`to ${hostOf(endpoint)}`] : []),
    answerOf(sent),
  ]
}

function lineOf(
  sent: Sent,
  invocation: Invocation,
  { full }: LogOptions,
  columns: Columns = noColumns,
): string {
  const { ink } = invocation
  const { event } = sent
  const parts = partsOf(sent, invocation, columns)
  const [title = '', ...others] = parts.map((part, at) =>
    at === parts.length - 1 ? part : part.padEnd(columns.widths[at] ?? 0),
  )
  const line = foldOut([[ink.strong(title), ...others].join('  ')], invocation.io, '  ').join('\n')
  return full ? `${line}\n${printable(JSON.stringify(event))}\n` : `${line}\n`
}

/** The milestone of a usage event, and the label of any other. */
function titleOf(event: unknown): string {
  const { trigger, event_label: label } = (event ?? {}) as Record<string, unknown>
  const title = [label, trigger].find((one) => typeof one === 'string')
  return printable(title ?? 'event')
}

function limitIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CliError(`"${text}" is not a number of events.`, {
    exitCode: wrongUsage,
    hint: 'For the ten newest: -n 10',
  })
}
