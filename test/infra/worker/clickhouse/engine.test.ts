import { randomUUID } from 'node:crypto'

import { afterAll, beforeEach, describe, expect, it } from 'vitest'

import { createTable, tableName } from '../../../../infra/report/src/clickhouse/table.ts'
import { readEvent } from '../../../../infra/common/src/events/reader.ts'
import { everyKind } from '../../../../infra/common/src/events/event.ts'
import { openErasures } from '../../../../infra/worker/src/sinks/erasures.ts'
import { tombstonesOf } from '../../../../infra/worker/src/sinks/tombstones.ts'
import { openClickHouse } from '../../../../infra/worker/src/sinks/clickhouse/sink.ts'
import type { ClickHouseSettings } from '../../../../infra/worker/src/sink-settings.ts'
import { eventually } from '../../../support/eventually.ts'
import { tempHome } from '../../../support/home.ts'
import { finished, install, started, usage } from '../support/events.ts'
import { openEngine } from './chdb.ts'
import { resets, settingsFor, startClickHouse } from './server.ts'

const engine = openEngine()
afterAll(() => engine?.close())

function eventOf(bytes: string) {
  const reading = readEvent(bytes, everyKind)
  if ('refusal' in reading) throw new Error(reading.refusal.error)
  return reading.event
}

const day = Date.UTC(2026, 10, 28, 12)

describe.skipIf(engine === undefined)('the ClickHouse sink, on ClickHouse’s engine', () => {
  const query = (sql: string) => engine?.query(sql).trim() ?? ''
  const open = async (settings: Partial<ClickHouseSettings> = {}, now = () => day) => {
    const server = await startClickHouse((sql, headers) => engine?.answer(sql, headers) ?? resets)
    return {
      server,
      sink: openClickHouse(settingsFor([server.url], settings), {
        timeoutMs: 20_000,
        now,
      }),
    }
  }
  beforeEach(() => engine?.reset())

  it('creates its table and stores a row of facts for each event', async () => {
    const { sink } = await open()
    expect(await sink.probe()).toBeUndefined()
    const events = [finished(), started(), install(), usage()].map(eventOf)
    expect(await sink.store(events)).toEqual({ outcomes: events.map(() => 'stored') })
    const rows = query(`SELECT id, kind, day, os FROM ${tableName} ORDER BY kind FORMAT TSV`)
    const [first] = events
    expect(rows.split('\n').map((row) => row.split('\t')[1])).toEqual([
      'finished',
      'install',
      'started',
      'usage',
    ])
    expect(rows).toContain(`${first?.uuid}\tfinished\t2026-11-28`)
  })

  it('merges an event that comes again in another batch', async () => {
    const { sink } = await open()
    const [one, two, three] = [finished(), finished(), finished()].map(eventOf)
    if (!one || !two || !three) throw new Error('no events')
    await sink.store([one, two])
    await sink.store([two, three])
    expect(query(`SELECT count() FROM ${tableName} FINAL FORMAT TSV`)).toBe('3')
  })

  it('takes a batch again under the same deduplication token', async () => {
    const { sink, server } = await open()
    const events = [finished(), finished()].map(eventOf)
    await sink.store(events)
    await sink.store(events)
    const inserts = server.asked.filter((sql) => sql.startsWith('INSERT'))
    const tokens = inserts.map(
      (sql) => /insert_deduplication_token = '([0-9a-f]{64})'/.exec(sql)?.[1],
    )
    expect(tokens).toHaveLength(2)
    expect(new Set(tokens).size).toBe(1)
    for (const sql of inserts) expect(sql).toContain('wait_for_async_insert = 1')
  })

  it('deletes after RETENTION_DAYS', async () => {
    const { sink } = await open({ retentionDays: 30 })
    expect(await sink.probe()).toBeUndefined()
    expect(query(`SHOW CREATE TABLE ${tableName}`)).toContain('toIntervalDay(30)')
    const old = eventOf(finished())
    const { sink: before } = await open({ retentionDays: 30 }, () => Date.UTC(2020, 0, 1))
    await before.store([old])
    await sink.store([eventOf(finished())])
    query(`OPTIMIZE TABLE ${tableName} FINAL`)
    expect(query(`SELECT count() FROM ${tableName} WHERE id = '${old.uuid}' FORMAT TSV`)).toBe('0')
  })

  it.each([
    ['another type for os', createTable().replace('os LowCardinality(String)', 'os String')],
    ['no column host', createTable().replace(/, host [^,]+/, '')],
    ['another sorting key', createTable().replace('(kind, step, day, id)', '(id)')],
    ['another engine', createTable({ engine: 'MergeTree' })],
    ['another TTL than RETENTION_DAYS', createTable({ retentionDays: 7 })],
  ])('never changes a table that is there: %s', async (what, table) => {
    query(table)
    const before = query(`SHOW CREATE TABLE ${tableName}`)
    const { sink } = await open()
    const event = eventOf(finished())
    const cause = `ClickHouse: ${tableName} has ${what}`
    expect(await sink.store([event])).toMatchObject({ outcomes: ['later'], trouble: { cause } })
    expect((await sink.probe())?.cause).toBe(cause)
    expect(query(`SHOW CREATE TABLE ${tableName}`)).toBe(before)
    // Once an operator has put it right, the sink works without a restart.
    query(`DROP TABLE ${tableName} SYNC`)
    expect(await sink.store([event])).toEqual({ outcomes: ['stored'] })
  })

  it.each([
    ['no column host', 'DROP COLUMN host'],
    ['no column host', 'RENAME COLUMN host TO hosts'],
    ['another type for host', 'MODIFY COLUMN host Int8'],
  ])('stores no part of an event in a table altered since: %s after %s', async (what, change) => {
    const { sink } = await open()
    const events = [finished(), finished()].map(eventOf)
    expect(await sink.probe()).toBeUndefined()
    query(`ALTER TABLE ${tableName} ${change}`)
    const later = { outcomes: ['later', 'later'] }
    expect(await sink.store(events)).toMatchObject(later)
    const trouble = { cause: `ClickHouse: ${tableName} has ${what}` }
    expect(await sink.store(events)).toMatchObject({ ...later, trouble })
    expect(query(`SELECT count() FROM ${tableName} FORMAT TSV`)).toBe('0')
    query(`DROP TABLE ${tableName} SYNC`)
    expect(await sink.store(events)).toEqual({ outcomes: ['stored', 'stored'] })
  })

  it('deletes everything of a client or an event, and proves it', async () => {
    const { sink } = await open()
    const gone = randomUUID()
    const events = [finished({ cid: gone }), started({ cid: gone }), finished(), usage()].map(
      eventOf,
    )
    await sink.store(events)
    expect(await sink.erase([gone, events[3]?.uuid ?? ''])).toBeUndefined()
    expect(query(`SELECT id FROM ${tableName} FORMAT TSV`)).toBe(events[2]?.uuid)
    expect(await sink.erase(["' OR 1 = 1"])).toBeUndefined()
    expect(query(`SELECT count() FROM ${tableName} FORMAT TSV`)).toBe('1')
  })

  it('deletes what the tombstones name, and again after the server was away', async () => {
    const home = tempHome()
    const tombstones = await tombstonesOf({ tombstones: home.at('events') })
    if (tombstones === undefined) throw new Error('no tombstones')
    const { sink, server } = await open()
    const [gone, ungone] = [randomUUID(), randomUUID()]
    await sink.store([finished({ cid: gone }), started({ cid: ungone })].map(eventOf))
    await tombstones.add({ clients: [gone], events: [] })
    const working = server.answer
    working(() => resets)
    const said: string[] = []
    const erasures = openErasures([sink], tombstones, (message) => said.push(message), 50)
    await eventually(() => expect(said.join()).toContain('not erased yet: ClickHouse: '))
    working((sql, headers) => engine?.answer(sql, headers) ?? resets)
    const left = () => query(`SELECT client FROM ${tableName} FORMAT TSV`)
    await eventually(() => expect(left()).toBe(ungone))
    await erasures.close()
    await tombstones.close()
    expect(said.join()).not.toContain(gone)
  })
})
