import { createHash } from 'node:crypto'

import { steadyNow } from 'runmat-telemetry-common/clock'
import type { Event } from 'runmat-telemetry-common/events/event'
import type { Sink, Trouble } from 'runmat-telemetry-common/sink'
import { columns, rowOf, tableOf } from 'runmat-telemetry-report/clickhouse-table'
import { factsOf } from 'runmat-telemetry-report/facts'

import { limits } from '../../limits.ts'
import type { ClickHouseSettings } from '../../sink-settings.ts'
import { type BatchOutcome, bisect } from '../bisect.ts'
import { eraseRows } from './erase-rows.ts'
import { checkSchema } from './schema.ts'
import { type Answer, connections, openServer, trouble } from './server.ts'

interface ClickHouseOptions {
  /** Whose events it gets. RunMat's if not set. */
  readonly product?: string
  readonly timeoutMs?: number
  readonly now?: () => number
}

type ClickHouseSink = Sink & Required<Pick<Sink, 'erase'>>

/**
 * One row of facts an event. The server has a batch on disk before it answers an insert with
 * `wait_for_async_insert`. A batch that is sent again, also to another replica, carries the same
 * deduplication token; an event that comes again in another batch is merged away by its id.
 */
export function openClickHouse(
  settings: ClickHouseSettings,
  { product, timeoutMs = limits.sinkMs, now = Date.now }: ClickHouseOptions = {},
): ClickHouseSink {
  const table = tableOf(product)
  const servers = settings.urls.map((url) => openServer(url, settings))
  let current = 0
  let checked: Promise<Trouble | undefined> | undefined

  /** Asks the servers in turn, starting with the one that worked last. */
  const ask = async (sql: string, deadline: number): Promise<Answer> => {
    let answer: Answer = trouble('no server')
    for (const index of servers.keys()) {
      const server = servers[current]
      if (server === undefined) break
      // One that hangs must leave time for the others.
      const share = (deadline - steadyNow()) / (servers.length - index)
      answer = await server.ask(sql, steadyNow() + share)
      if (answer === 'refused' || 'text' in answer) return answer
      current = (current + 1) % servers.length
    }
    return answer
  }

  /** Looks at the schema at the start, and again after an insert that failed. */
  const prepare = async (deadline: number): Promise<Trouble | undefined> => {
    checked ??= checkSchema((sql) => ask(sql, deadline), table, settings)
    const problem = await checked
    if (problem !== undefined) checked = undefined
    return problem
  }

  const insert = async (events: readonly Event[], deadline: number): Promise<BatchOutcome> => {
    const day = new Date(now()).toISOString().slice(0, 10)
    const rows = events.map((event) => {
      const facts = factsOf(event.fields, event.bytes)
      return facts && JSON.stringify(rowOf(facts, day))
    })
    if (rows.includes(undefined)) return 'refused'
    const answer = await ask(
      `${insertHead(table, events, settings.isReplicated)}\n${rows.join('\n')}`,
      deadline,
    )
    if (answer === 'refused') return answer
    if ('text' in answer) {
      // An insert has nothing to say. Whatever else answers 200 has stored nothing.
      return answer.text.trim() === '' ? 'stored' : trouble('what answers is no ClickHouse')
    }
    // Whatever was wrong, somebody may have altered the table meanwhile.
    checked = undefined
    return answer
  }

  return {
    name: 'clickhouse',
    inFlight: connections,
    gathering: limits.group.inserts,
    store: async (events) => {
      const deadline = steadyNow() + timeoutMs
      const problem = await prepare(deadline)
      if (problem !== undefined) {
        return { outcomes: events.map(() => 'later' as const), trouble: problem }
      }
      let looked: Promise<Trouble | undefined> | undefined
      const post = async (part: readonly Event[]): Promise<BatchOutcome> => {
        const outcome = await insert(part, deadline)
        if (outcome !== 'refused') return outcome
        // Somebody may have altered the table, which then refuses every event.
        if (looked === undefined) {
          checked = undefined
          looked = prepare(deadline)
        }
        return (await looked) ?? outcome
      }
      return await bisect(events, post, limits.probes)
    },
    probe: async () => {
      const deadline = steadyNow() + Math.min(timeoutMs, limits.probeMs)
      const problem = await prepare(deadline)
      if (problem !== undefined) return problem
      const answer = await ask(`SELECT id FROM ${table} LIMIT 0 FORMAT Null`, deadline)
      if (answer === 'refused') return trouble('a query is refused')
      return 'cause' in answer ? answer : undefined
    },
    erase: async (ids) => {
      const deadline = steadyNow() + limits.eraseMs
      return await eraseRows(ids, table, async (sql) => {
        const problem = await prepare(deadline)
        return problem ?? (await ask(sql, deadline))
      })
    },
    close: () => Promise.resolve(servers.forEach((server) => server.close())),
  }
}

/** Named, because ClickHouse skips what the table has no column for, unless the column is named. */
const columnNames = columns.map((column) => column.split(' ')[0]).join(', ')

/** The token is made of the ids, so the same batch has the same one however often it is sent. */
function insertHead(table: string, events: readonly Event[], isReplicated: boolean): string {
  const hash = createHash('sha256')
  for (const { uuid: id } of events) hash.update(id)
  const options = [
    'async_insert = 1',
    'wait_for_async_insert = 1',
    'async_insert_deduplicate = 1',
    `insert_deduplication_token = '${hash.digest('hex')}'`,
    // A majority of the replicas has it, so any one of them may be lost.
    ...(isReplicated ? ["insert_quorum = 'auto'", 'insert_quorum_timeout = 5000'] : []),
  ]
  return `INSERT INTO ${table} (${columnNames}) SETTINGS ${options.join(', ')} FORMAT JSONEachRow`
}
