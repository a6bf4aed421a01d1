import { once } from 'node:events'
import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { columns } from '../../../../infra/report/src/clickhouse/table.ts'
import type { ClickHouseSettings } from '../../../../infra/worker/src/sink-settings.ts'
import { later } from '../support/stage.ts'

/** Answers one statement: with a result, with ClickHouse's words for an error, or strangely. */
export type Answerer = (sql: string, headers: http.IncomingHttpHeaders) => Said | Promise<Said>

interface Said {
  readonly status: number | 'hang' | 'reset'
  readonly text: string
}

export const said = (text: string): Said => ({ status: 200, text })
export const hangs: Said = { status: 'hang', text: '' }
export const resets: Said = { status: 'reset', text: '' }

export interface ClickHouse {
  readonly url: string
  /** Every statement so far. */
  readonly asked: readonly string[]
  readonly answer: (answerer: Answerer) => void
  readonly stop: () => Promise<void>
}

/** ClickHouse's HTTP interface, with whatever is behind it. */
export async function startClickHouse(first: Answerer): Promise<ClickHouse> {
  const asked: string[] = []
  let answerer = first
  const respond = async (
    response: ServerResponse,
    sql: string,
    headers: http.IncomingHttpHeaders,
  ): Promise<void> => {
    const { status, text } = await answerer(sql, headers)
    if (status === 'reset') response.socket?.resetAndDestroy()
    else if (status !== 'hang') response.writeHead(status).end(text)
  }
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sql = Buffer.concat(chunks).toString()
      asked.push(sql)
      void respond(response, sql, request.headers)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    if (server.listening) {
      server.close()
      await once(server, 'close')
    }
  }
  later(stop)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: (next) => {
      answerer = next
    },
    stop,
  }
}

export function settingsFor(
  urls: readonly string[],
  more: Partial<ClickHouseSettings> = {},
): ClickHouseSettings {
  return {
    kind: 'clickhouse',
    urls,
    database: 'telemetry',
    user: 'worker',
    passwordFile: undefined,
    caFile: undefined,
    isReplicated: false,
    retentionDays: undefined,
    ...more,
  }
}

const table = { engine: 'ReplacingMergeTree', sorting_key: 'kind, step, day, id', engine_full: '' }
export const described = columns.map((column) => {
  const space = column.indexOf(' ')
  return { name: column.slice(0, space), type: column.slice(space + 1) }
})

/** A server whose schema is right, and which treats inserts as told. */
export function treating(insert: Answerer, engine: string = table.engine): Answerer {
  return (sql, headers) => {
    if (sql.startsWith('INSERT')) return insert(sql, headers)
    if (sql.includes('system.tables')) return said(JSON.stringify({ data: [{ ...table, engine }] }))
    return said(sql.includes('system.columns') ? JSON.stringify({ data: described }) : '')
  }
}

export const works: Answerer = () => said('')
