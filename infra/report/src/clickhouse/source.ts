import { type Window } from '../days.ts'
import { ReportError } from '../error.ts'
import { numberIn, type Row } from '../questions/question.ts'
import type { Coverage, Source } from '../source.ts'
import { over, rowsIn } from './sql.ts'
import { tableOf } from './table.ts'

export interface Credentials {
  readonly user: string | undefined
  readonly password: string | undefined
}

const timeout = 300_000

/** ClickHouse over HTTP: `clickhouse://user@host:8123/database`, `?secure=1` for HTTPS, `?product=` for a further product. */
export function openClickHouse(given: string, credentials: Credentials, window: Window): Source {
  const { url, headers, table, shown } = addressOf(given, credentials)
  const ask = async (sql: string): Promise<readonly Row[]> => {
    let response: Response
    let text: string
    try {
      response = await fetch(url, {
        method: 'POST',
        headers,
        body: sql,
        redirect: 'error',
        signal: AbortSignal.timeout(timeout),
      })
      text = await response.text()
    } catch (error) {
      throw new ReportError(`Can't reach ClickHouse at ${shown}: ${causeOf(error, url.hostname)}.`)
    }
    if (!response.ok) {
      const reason = text.split('\n')[0]?.slice(0, 300) ?? ''
      const hint = hints.get(Number(/^Code: (\d+)/.exec(reason)?.[1]))
      throw new ReportError(`ClickHouse at ${shown} answered ${response.status}: ${reason}`, {
        ...(hint !== undefined && { hint }),
      })
    }
    try {
      return rowsIn(text)
    } catch {
      throw new ReportError(`What answers at ${shown} is no ClickHouse.`)
    }
  }
  return {
    rows: async (sql) => await ask(over(sql, window, table)),
    coverage: async () => await coverageOf(ask, window, table),
    close: () => undefined,
  }
}

const otherTable =
  'Name the database that the worker fills: clickhouse://host:8123/database, with ?product= for a further product.'
const refused =
  'Name the user in the address or CLICKHOUSE_USER, the password in CLICKHOUSE_PASSWORD.'

/** What to do about the errors that come of the address. */
const hints: ReadonlyMap<number, string> = new Map([
  // Unknown column, table and database.
  ...[16, 47, 60, 81].map((code): [number, string] => [code, otherTable]),
  ...[192, 193, 194, 497, 516].map((code): [number, string] => [code, refused]),
])

function addressOf(given: string, { user, password }: Credentials) {
  if (!URL.canParse(given)) throw new ReportError(`${given} is no address.`, { exitCode: 2 })
  const parsed = new URL(given)
  const secure = parsed.searchParams.get('secure') === '1'
  const product = parsed.searchParams.get('product') ?? undefined
  if (product !== undefined && !/^[a-z][a-z0-9-]{0,31}$/.test(product)) {
    throw new ReportError(`${product} is no product's id.`, { exitCode: 2 })
  }
  const database = parsed.pathname.slice(1)
  const port = parsed.port === '' ? (secure ? '8443' : '8123') : parsed.port
  const host = `${parsed.hostname}:${port}`
  if (parsed.hostname === '') throw new ReportError(`${given} names no host.`, { exitCode: 2 })
  const url = new URL(`${secure ? 'https' : 'http'}://${host}/`)
  if (database !== '') url.searchParams.set('database', decodeURIComponent(database))
  const name = decodeURIComponent(parsed.username) || user
  const secret = decodeURIComponent(parsed.password) || password
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8' }
  if (name !== undefined && name !== '') headers['x-clickhouse-user'] = headerText(name)
  if (secret !== undefined && secret !== '') headers['x-clickhouse-key'] = headerText(secret)
  return { url, headers, table: tableOf(product), shown: host }
}

/** A header's text is its bytes, so that UTF-8 arrives as it is. */
function headerText(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function causeOf(error: unknown, host: string): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } }
  if (name === 'TimeoutError') return 'it does not answer'
  const words: Readonly<Record<string, string>> = {
    ENOTFOUND: `there is no host named ${host}`,
    EAI_AGAIN: `the name ${host} can’t be looked up now`,
    ECONNREFUSED: 'it refuses the connection',
    ECONNRESET: `${host} closed the connection`,
    EHOSTUNREACH: `no network leads to ${host}`,
    ENETUNREACH: `no network leads to ${host}`,
    ETIMEDOUT: `${host} does not answer`,
    UND_ERR_CONNECT_TIMEOUT: `${host} does not answer`,
  }
  return words[cause?.code ?? ''] ?? cause?.message ?? cause?.code ?? message
}

/** ClickHouse merges repeats away: of them, those are counted that it still has. */
async function coverageOf(
  ask: (sql: string) => Promise<readonly Row[]>,
  window: Window,
  table: string,
): Promise<Coverage> {
  const [row] = await ask(
    over(
      `SELECT count(*) AS events,
  min(CASE WHEN day = 'unknown' THEN NULL ELSE day END) AS first_day,
  max(CASE WHEN day = 'unknown' THEN NULL ELSE day END) AS last_day FROM facts`,
      window,
      table,
    ),
  )
  const [all] = await ask(
    `SELECT count(*) - count(DISTINCT id) AS repeated,
  count(DISTINCT CASE WHEN day = 'unknown' THEN id ELSE NULL END) AS undated FROM ${table} FORMAT JSON`,
  )
  return {
    events: numberIn(row ?? {}, 'events'),
    repeated: numberIn(all ?? {}, 'repeated'),
    unreadable: 0,
    undated: numberIn(all ?? {}, 'undated'),
    from: (row?.['first_day'] ?? null) as string | null,
    until: (row?.['last_day'] ?? null) as string | null,
  }
}
