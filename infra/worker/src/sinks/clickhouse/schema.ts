import {
  columns,
  createTable,
  dayAsDate,
  sortingKey,
} from 'runmat-telemetry-report/clickhouse-table'
import type { Trouble } from 'runmat-telemetry-common/sink'

import type { ClickHouseSettings } from '../../sink-settings.ts'
import { type Answer, trouble } from './server.ts'

type Ask = (sql: string) => Promise<Answer>

const minute = 60_000

const columnsOf = (table: string) =>
  `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}' ORDER BY position FORMAT JSON`
const engineOf = (table: string) =>
  `SELECT engine, sorting_key, engine_full FROM system.tables WHERE database = currentDatabase() AND name = '${table}' FORMAT JSON`

/**
 * Creates the table if it is missing, and checks it otherwise. An existing table is never changed:
 * what differs is named, for an operator to decide.
 */
export async function checkSchema(
  ask: Ask,
  table: string,
  { isReplicated, retentionDays }: ClickHouseSettings,
): Promise<Trouble | undefined> {
  const engine = isReplicated ? 'ReplicatedReplacingMergeTree' : 'ReplacingMergeTree'
  const created = await ask(
    createTable({ table, engine, ...(retentionDays !== undefined && { retentionDays }) }),
  )
  const found = problemOf(created)
  if (found !== undefined) return found
  const described = await rowsOf(ask, engineOf(table))
  const present = await rowsOf(ask, columnsOf(table))
  if ('cause' in described) return described
  if ('cause' in present) return present
  const [facts] = described
  if (facts === undefined) return trouble('the table is missing')
  const differs = (what: string) => trouble(`${table} has ${what}`, minute)
  // ClickHouse Cloud and Replicated databases choose a variant of the engine.
  if (facts['engine']?.endsWith('ReplacingMergeTree') !== true) return differs('another engine')
  if (isReplicated && facts['engine'] === 'ReplacingMergeTree') {
    return differs('an engine that is not replicated')
  }
  if (facts['sorting_key'] !== sortingKey) return differs('another sorting key')
  if (daysIn(facts['engine_full'] ?? '') !== retentionDays) {
    return differs('another TTL than RETENTION_DAYS')
  }
  const wanted = new Map(columns.map((column) => splitColumn(column)))
  const types = new Map(present.map(({ name = '', type = '' }) => [name, type]))
  for (const [name, type] of wanted) {
    if (!types.has(name)) return differs(`no column ${name}`)
    if (types.get(name) !== type) return differs(`another type for ${name}`)
  }
  return undefined
}

function splitColumn(column: string): [string, string] {
  const space = column.indexOf(' ')
  return [column.slice(0, space), column.slice(space + 1)]
}

function daysIn(engine: string): number | undefined {
  if (!/\bTTL\b/.test(engine)) return undefined
  const [, rest = ''] = engine.split(`TTL ${dayAsDate} + `)
  return Number(/^toIntervalDay\((\d+)\)(?! WHERE|,)/.exec(rest)?.[1])
}

function problemOf(answer: Answer): Trouble | undefined {
  if (answer === 'refused') return trouble('the table is refused', minute)
  return 'cause' in answer ? answer : undefined
}

type Row = Readonly<Record<string, string>>

async function rowsOf(ask: Ask, sql: string): Promise<readonly Row[] | Trouble> {
  const answer = await ask(sql)
  const problem = problemOf(answer)
  if (problem !== undefined) return problem
  try {
    const { data } = JSON.parse((answer as { text: string }).text) as { data: readonly Row[] }
    return Array.isArray(data) ? data : trouble('what answers is no ClickHouse', minute)
  } catch {
    return trouble('what answers is no ClickHouse', minute)
  }
}
