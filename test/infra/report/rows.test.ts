import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { openDatabase, quoted } from '../../../infra/report/src/duckdb/database.ts'
import { type Facts } from '../../../infra/report/src/facts/facts.ts'
import { derivedFrom, nil } from '../../../infra/report/src/facts/identity.ts'
import { Patterns } from '../../../infra/report/src/patterns/patterns.ts'
import { factsIn, isEmpty } from '../../../infra/report/src/read/read.ts'
import { finished, folder, install, lines, report } from './support/cli.ts'

const wire = path.resolve(import.meta.dirname, '../../contract/wire/real-clients.ndjson')

const clients = readFileSync(wire, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.stringify((JSON.parse(line) as { body: object }).body))
  .filter(({ length }) => length < 3000)

const hostile = [
  finished({ gpu_dispatches: 3, list: [1, 2.5, 0, -4], nested: { a: '"', b: '\\', c: 7 } }),
  finished({ error: 'RunMat:Gpu', success: false }, { cid: undefined, session_id: 'session 1' }),
  install('start', { os: 'a\u0000b', method: "'" }),
  // The id is made of this text, and another field holds it already.
  install('start', { uuid: 'abc', method: derivedFrom('abc') }),
  install('complete', { method: '11111111-1111-4111-8111-111111111111', distinctId: 5 }),
  install('failed', { cid: undefined, distinctId: '22222222-2222-4222-8222-222222222222' }),
]

const uuid = /[\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12}/g
const number = /(?<=[:[,])-?\d[\d.eE+-]*(?=[,\]}])/g

const anyId = fc.oneof(
  { arbitrary: fc.uuid(), weight: 30 },
  fc.uuid().map((id) => id.toUpperCase()),
  fc.constantFrom(nil, 'not an id', '', '1111111g-1111-4111-8111-111111111111', 'x"y'),
)

const edges = ['0', '-0', '0.0', '0.5', '0.00', '1.50', '-3', '1e3', '1E-400', '1e999']
const large = ['253402300799999', '253402300800000', '9'.repeat(400)]

const anyNumber = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 1_800_000_000_000 }).map(String), weight: 16 },
  { arbitrary: fc.constantFrom(...edges, ...large, 'null', 'true', '"1"'), weight: 4 },
  fc.constantFrom('1.', '.5', '007', '00', ''),
)

const damage = fc.oneof(
  { arbitrary: fc.constant((line: string) => line), weight: 12 },
  fc.nat().map((at) => (line: string) => line.slice(0, at % line.length)),
  fc.tuple(fc.nat(), fc.constantFrom('"', '\\', '{', ',', '0', '\0', '\r', 'é', ' ', '-', 'a')).map(
    ([at, byte]) =>
      (line: string) =>
        line.slice(0, at % line.length) + byte + line.slice(at % line.length),
  ),
  fc.nat().map((at) => (line: string) => {
    const index = at % line.length
    return line.slice(0, index) + line.slice(index + 1)
  }),
  fc.constantFrom(' ', '\r', '\uFEFF', '{}', ',').map((end) => (line: string) => line + end),
  fc.constant((line: string) => `\uFEFF${line}`),
)

/** A line like another one, with other ids and numbers; now and then damaged. */
const line = fc
  .tuple(fc.constantFrom(...clients, ...hostile), fc.array(anyId, { minLength: 4, maxLength: 4 }))
  .chain(([base, ids]) =>
    fc.tuple(
      fc.constant(base),
      fc.constant(ids),
      fc.array(anyNumber, { minLength: 1, maxLength: 9 }),
      damage,
    ),
  )
  .map(([base, ids, numbers, change]) => {
    let next = 0
    const withIds = base.replaceAll(uuid, () => ids[(next += 1) % ids.length] as string)
    return change(withIds.replaceAll(number, () => numbers[(next += 1) % numbers.length] as string))
  })
  .filter((text) => !text.includes('\n'))

/** What the mapping says of each line, one by one; of an event that comes again, the first. */
function expectedOf(all: readonly string[], day: string) {
  const rows = new Map<string, { readonly id: string }>()
  let unreadable = 0
  for (const one of all) {
    const facts = factsIn(one)
    if (facts === undefined && !isEmpty(one)) unreadable += 1
    if (facts !== undefined && !rows.has(facts.id)) rows.set(facts.id, rowOf(facts, day))
  }
  return { rows: byId([...rows.values()]), unreadable }
}

function rowOf({ id, client, session, at, sequence, profile }: Facts, day: string) {
  const idOrNull = (value: string) => (value === nil ? null : value)
  return {
    id,
    client: idOrNull(client),
    session: idOrNull(session),
    // Of -0 the sign is lost.
    moment: at === undefined ? null : at + 0,
    sequence,
    day,
    ...profile,
  }
}

function byId<T extends { readonly id?: unknown }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
}

async function converted(all: readonly string[], day: string) {
  const place = folder()
  writeFileSync(path.join(place, `${day}.w.ndjson`), lines(...all))
  const { out, err } = await report(['coverage', '--from', place, '--format', 'json'])
  expect(err).toBe('')
  const database = await openDatabase({ memory: '200MB', threads: 1, temporary: os.tmpdir() })
  const file = quoted(path.join(place, `${day}.parquet`))
  const ids = ['id', 'client', 'session'].map((name) => `${name}::VARCHAR AS ${name}`)
  const rows = await database.rows(
    `SELECT * REPLACE (${ids.join(', ')}) FROM read_parquet(${file})`,
  )
  database.close()
  const { coverage } = JSON.parse(out) as { coverage: { unreadable: number } }
  return { rows: byId(rows), unreadable: coverage.unreadable }
}

describe('rows in Parquet', () => {
  it('are what the mapping says of every line, random or damaged', async () => {
    const day = '2026-11-20'
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 300, maxLength: 600, size: 'max' }),
        async (all) => {
          expect(await converted(all, day)).toEqual(expectedOf(all, day))
        },
      ),
      { numRuns: 4, endOnFailure: true },
    )
  })
})

function find(patterns: Patterns, text: string) {
  const bytes = Buffer.from(`${text}\n`)
  return patterns.find(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0)
}

describe('patterns', () => {
  it('know a line by another one that differs in ids and numbers above zero alone', () => {
    const patterns = new Patterns()
    const learn = (text: string) => patterns.learn(text, factsIn(text) as Facts, 1)
    learn(finished({ gpu_dispatches: 3 }))
    expect(find(patterns, finished({ gpu_dispatches: 70 }))).toMatchObject({ profile: 1 })
    for (const other of ['0', '-1', '0.0', '1e-400', '03', '.1', '"1"', 'null']) {
      const text = finished({ gpu_dispatches: 3 }).replace('dispatches":3', `dispatches":${other}`)
      expect(find(patterns, text)).toBeUndefined()
    }
    expect(find(patterns, finished({ gpu_dispatches: 3, timestamp_ms: 1e15 }))).toBeUndefined()
    expect(find(patterns, finished({ gpu_dispatches: 3, timestamp_ms: 0.5 }))).toBeUndefined()
    expect(find(patterns, finished({ gpu_dispatches: 3, more: 1 }))).toBeUndefined()
    expect(find(patterns, finished({ gpu_dispatches: 3 }, { cid: nil }))).toBeUndefined()
  })

  it('are not looked for without end where lines have nothing in common', () => {
    const patterns = new Patterns()
    const texts = Array.from({ length: 3000 }, (_, at) => finished({ error: `E${at}` }))
    for (const text of texts) patterns.learn(text, factsIn(text) as Facts, 1)
    const known = texts.filter((text) => find(patterns, text) !== undefined)
    expect(known.length).toBeGreaterThan(500)
    expect(known.length).toBeLessThan(1500)
  })
})
