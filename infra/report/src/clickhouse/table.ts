import { flags, texts } from '../facts/columns.ts'
import type { Facts } from '../facts/facts.ts'

const nil = '00000000-0000-0000-0000-000000000000'

export const tableName = 'telemetry_facts'

/** A further product's table. Ids have hyphens and no underscores, so no two share one. */
export function tableOf(product: string | undefined): string {
  return product === undefined ? tableName : `${tableName}_${product.replaceAll('-', '_')}`
}

/** Name and type of each column, in ClickHouse's words. */
export const columns = [
  'id UUID',
  'client Nullable(UUID)',
  'session Nullable(UUID)',
  'moment Nullable(Int64)',
  'sequence Int64',
  'day LowCardinality(String)',
  ...texts.map((name) => (name === 'counts' ? `${name} String` : `${name} LowCardinality(String)`)),
  ...flags.map((name) => `${name} UInt8`),
]

/** A TTL takes no LowCardinality. */
export const dayAsDate = "toDateOrZero(CAST(day, 'String'))"

export const sortingKey = 'kind, step, day, id'

export interface TableOptions {
  readonly table?: string
  /** Such as `ReplicatedReplacingMergeTree` in a cluster. */
  readonly engine?: string
  /** Days after which ClickHouse deletes. */
  readonly retentionDays?: number
}

/** The table that a collector fills, one row of facts an event. */
export function createTable({
  table = tableName,
  engine = 'ReplacingMergeTree',
  retentionDays,
}: TableOptions = {}): string {
  const ttl =
    retentionDays === undefined ? '' : ` TTL ${dayAsDate} + INTERVAL ${retentionDays} DAY DELETE`
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')}) ENGINE = ${engine} ORDER BY (${sortingKey})${ttl}`
}

/** A row for `INSERT … FORMAT JSONEachRow`. A day of arrival counts before the event's own. */
export function rowOf(facts: Facts, day: string | undefined): Readonly<Record<string, unknown>> {
  const { id, client, session, at, sequence, profile } = facts
  return {
    id,
    client: client === nil ? null : client,
    session: session === nil ? null : session,
    moment: at ?? null,
    sequence,
    day: day ?? (at === undefined ? 'unknown' : new Date(at).toISOString().slice(0, 10)),
    ...profile,
  }
}
