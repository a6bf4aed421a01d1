import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'

import { openClickHouse } from '../../../../infra/report/src/clickhouse/source.ts'
import { createTable, rowOf, tableName } from '../../../../infra/report/src/clickhouse/table.ts'
import { always, type Window } from '../../../../infra/report/src/days.ts'
import { openFiles } from '../../../../infra/report/src/duckdb/source.ts'
import { factsIn } from '../../../../infra/report/src/read/read.ts'
import type { Source } from '../../../../infra/report/src/source.ts'

export const quiet = { step: () => undefined, note: () => undefined }

export async function duckdbOf(text: string, window: Window = always): Promise<Source> {
  return await openFiles({
    places: [{ kind: 'lines', lines: { file: undefined, day: undefined } }],
    window,
    bounds: { memory: '300MB', threads: 1, temporary: os.tmpdir() },
    now: Date.now(),
    stdin: bytesOf(text),
    progress: quiet,
  })
}

async function* bytesOf(text: string): AsyncIterable<Buffer> {
  yield Buffer.from(text)
}

interface Chdb {
  readonly query: (sql: string, format?: string) => string
  readonly cleanup: () => void
}

/**
 * ClickHouse's engine inside this process. It takes 550 MB and is no dependency: where it is not
 * installed, its tests are skipped and say so; where tools are required, that is a failure.
 */
export function openChdb(): Chdb | undefined {
  const folder = process.env['CHDB_FOLDER']
  const require = createRequire(
    folder === undefined ? import.meta.url : path.join(folder, 'index.js'),
  )
  let chdb: { Session: new (folder: string) => Chdb }
  try {
    chdb = require('chdb') as typeof chdb
  } catch (error) {
    if (process.env['REQUIRE_TOOLS'] === '1') throw error
    console.warn('chdb is not installed: what needs it is skipped')
    return undefined
  }
  const place = mkdtempSync(path.join(os.tmpdir(), 'report-chdb-'))
  const session = new chdb.Session(place)
  return {
    query: (sql, format) => session.query(sql, format),
    cleanup: () => {
      session.cleanup()
      rmSync(place, { recursive: true, force: true })
    },
  }
}

/** Over HTTP, as a server is asked; behind the socket is chdb. */
export async function chdbOf(chdb: Chdb, text: string): Promise<Source> {
  const rows: string[] = []
  for (const line of text.split('\n')) {
    const facts = factsIn(line)
    if (facts !== undefined) rows.push(JSON.stringify(rowOf(facts, undefined)))
  }
  chdb.query('CREATE DATABASE IF NOT EXISTS report ENGINE = Atomic')
  chdb.query('USE report')
  chdb.query(`DROP TABLE IF EXISTS ${tableName} SYNC`)
  chdb.query(createTable())
  if (rows.length > 0) {
    chdb.query(`INSERT INTO ${tableName} FORMAT JSONEachRow ${rows.join('\n')}`)
  }
  const server = http.createServer((request, response) => void answer(chdb, request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const nobody = { user: undefined, password: undefined }
  const source = openClickHouse(`clickhouse://127.0.0.1:${port}/report`, nobody, always)
  return {
    ...source,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(chdb: Chdb, request: IncomingMessage, response: ServerResponse) {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  try {
    response.end(chdb.query(Buffer.concat(parts).toString('utf8'), 'JSON'))
  } catch (error) {
    response.writeHead(500).end(String(error))
  }
}
