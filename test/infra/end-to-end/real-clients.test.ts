import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { openStage, sendAll } from '../udp-forwarder/stage.ts'
import { clients, droppedFields, type Fields, storedFields } from './clients.ts'
import { startFileWorker } from './file-worker.ts'
import { buildWorker } from './receiver.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const stage = openStage()

/** The table's rows of these clients, each event once, in the order of their uuids. */
function rowsOf(names: readonly string[]): readonly Fields[] {
  const rows = names.map((name) => storedFields[name] ?? { missing: name })
  return sorted([...new Map(rows.map((row) => [row['uuid'], row])).values()])
}

function sorted(rows: readonly Fields[]): readonly Fields[] {
  return rows.toSorted((one, other) => String(one['uuid']).localeCompare(String(other['uuid'])))
}

describe('the payloads of released programs', () => {
  it('arrive in the file with the fields of the table, by HTTP', async () => {
    const worker = await startFileWorker(program)
    for (const { name, path, key, body } of clients) {
      const options = { path, ...(!key && { key: null }) }
      expect([name, await worker.post(JSON.stringify(body), options)]).toEqual([name, 204])
    }
    expect(sorted(worker.stored())).toEqual(rowsOf(clients.map(({ name }) => name)))
    const lost = Object.entries(await worker.metric('fields_dropped_total'))
    expect(Object.fromEntries(lost.filter(([, count]) => count > 0))).toEqual(droppedFields)
  })

  it('arrive with the same fields as datagrams', async () => {
    const runs = clients.filter(
      ({ name }) => !/install/.test(String(storedFields[name]?.['event_label'])),
    )
    expect(runs).toHaveLength(10)
    const worker = await startFileWorker(program)
    const forwarder = await stage.forwarder(`${worker.url}/v1/t`)
    await sendAll(
      forwarder.port,
      runs.map(({ body }) => JSON.stringify(body)),
    )
    const expected = rowsOf(runs.map(({ name }) => name))
    await eventually(() => expect(sorted(worker.stored())).toEqual(expected))
    await forwarder.until(({ events_forwarded_total: forwarded }) => forwarded === runs.length)
    expect(await forwarder.metrics()).toMatchObject({ events_refused_total: 0 })
  })
})
