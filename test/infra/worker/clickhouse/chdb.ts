import { openChdb } from '../../report/support/engines.ts'
import { type Answerer, said } from './server.ts'

export interface Engine {
  /** What the engine answers, as ClickHouse's server would over HTTP. */
  readonly answer: Answerer
  readonly query: (sql: string) => string
  /** Starts over with an empty database. */
  readonly reset: () => void
  readonly close: () => void
}

/** ClickHouse's engine in this process, if it is installed. */
export function openEngine(): Engine | undefined {
  const chdb = openChdb()
  if (chdb === undefined) return undefined
  const query = (sql: string): string => chdb.query(sql)
  return {
    query,
    answer: (sql) => {
      try {
        return said(query(sql))
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error)
        return { status: 500, text: text.slice(Math.max(0, text.indexOf('Code: '))) }
      }
    },
    reset: () => {
      query('DROP DATABASE IF EXISTS telemetry')
      query('CREATE DATABASE telemetry ENGINE = Atomic')
      query('USE telemetry')
    },
    close: chdb.cleanup,
  }
}
