import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'

import { over, rowsIn } from '../../../../infra/report/src/clickhouse/sql.ts'
import { createTable, rowOf, tableName } from '../../../../infra/report/src/clickhouse/table.ts'
import { always, type Window } from '../../../../infra/report/src/days.ts'
import { openFiles } from '../../../../infra/report/src/duckdb/source.ts'
import { readFacts } from '../../../../infra/report/src/read/read.ts'
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

export async function chdbOf(chdb: Chdb, text: string): Promise<Source> {
  const rows: string[] = []
  const chunks = (async function* lines() {
    yield text.split('\n')
  })()
  await readFacts(chunks, (facts) => void rows.push(JSON.stringify(rowOf(facts, undefined))))
  chdb.query('CREATE DATABASE IF NOT EXISTS report ENGINE = Atomic; USE report')
  chdb.query(`DROP TABLE IF EXISTS ${tableName} SYNC`)
  chdb.query(createTable())
  if (rows.length > 0) {
    chdb.query(`INSERT INTO ${tableName} FORMAT JSONEachRow ${rows.join('\n')}`)
  }
  return {
    rows: async (sql) => rowsIn(chdb.query(over(sql, always), 'JSON')),
    coverage: async () => {
      throw new Error('not asked')
    },
    close: () => undefined,
  }
}
