import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { beforeAll, describe, expect, it, vi } from 'vitest'

import { tempHome } from '../../support/home.ts'
import { postTo } from '../buffer/support/load.ts'
import { finished, uuidOf } from './support/events.ts'
import { buildWorker, run } from './support/process.ts'

vi.setConfig({ testTimeout: 60_000 })

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const lanes = 32
const each = 25
const many = lanes * each

const erase = (fields: object): string =>
  JSON.stringify({ event_label: 'telemetry.erase', uuid: randomUUID(), ...fields })

/** Posts from many lanes at once, and counts the answers by status. */
async function flood(url: string, bodyOf: (number: number) => string) {
  const answers: Record<number, number> = {}
  const lane = async (first: number): Promise<void> => {
    for (let number = first; number < first + each; number += 1) {
      const { status } = await postTo(url, bodyOf(number))
      answers[status] = (answers[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index * each)))
  return answers
}

describe('a flood of requests to erase', () => {
  it('is limited, and stops no event', async () => {
    const folder = tempHome().at('events')
    const { url, stop } = await run(program, { EVENTS_DIR: folder, WORKER_NAME: 'one' })
    const expected: string[] = []
    const event = (): string => {
      const bytes = finished()
      expected.push(uuidOf(bytes))
      return bytes
    }
    const cid = randomUUID()
    expect((await postTo(url, erase({ cid }))).status).toBe(204)
    expect(await flood(url, event)).toEqual({ 204: many })

    // What is known is free of the limit: each of them is answered, and nothing new is written.
    const stones = () => readFileSync(`${folder}/erased.ndjson`, 'utf8').split('\n').length - 1
    expect(await flood(url, () => erase({ cid }))).toEqual({ 204: many })
    expect(stones()).toBe(1)

    // What is new is limited, and meanwhile events are taken as before.
    const ids = () => Array.from({ length: 100 }, () => randomUUID())
    const mixed = (number: number) => (number % 2 === 0 ? event() : erase({ events: ids() }))
    expect(await flood(url, mixed)).toEqual({ 204: many / 2 + 20 - 1, 429: many / 2 - 20 + 1 })
    expect(stones()).toBe(1901)
    expect((await postTo(url, erase({ cid }))).status).toBe(204)
    await stop()
    const day = new Date().toISOString().slice(0, 10)
    const lines = readFileSync(`${folder}/${day}.one.ndjson`, 'utf8').split('\n').slice(0, -1)
    expect(lines.map(uuidOf).toSorted()).toEqual(expected.toSorted())
  })
})
