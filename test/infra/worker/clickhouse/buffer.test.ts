import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../../support/eventually.ts'
// First, so that servers end before their folders are removed.
import { hasNats, startNats } from '../../buffer/support/nats.ts'
import { postTo } from '../../buffer/support/load.ts'
import { allArrive, fleetOf, untilReady } from '../../buffer/support/workers.ts'
import { finished, install, started, usage, uuidOf } from '../support/events.ts'
import { startPostHog } from '../support/posthog.ts'
import { buildWorker } from '../support/process.ts'
import { later } from '../support/stage.ts'
import { resets, said, startClickHouse, treating } from './server.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

describe.skipIf(!hasNats)('ClickHouse behind the buffer', () => {
  it('has a consumer of its own: PostHog does not wait for it, and it misses nothing', async () => {
    const posthog = await startPostHog()
    later(() => posthog.stop())
    const rows = new Set<string>()
    let isUp = false
    const clickHouse = await startClickHouse(
      treating((sql) => {
        if (!isUp) return resets
        for (const [, id = ''] of sql.matchAll(/"id":"([^"]+)"/g)) rows.add(id)
        return said('')
      }),
    )
    const nats = await startNats()
    const fleet = fleetOf(program, nats.url, posthog)
    const deliver = await fleet.deliver({ CLICKHOUSE_URL: clickHouse.url })
    const ingest = await fleet.ingest()
    await untilReady(ingest, deliver)
    const events = [finished(), started(), install(), usage(), finished()]
    for (const event of events) expect((await postTo(ingest.url, event)).status).toBe(204)
    const uuids = new Set(events.map(uuidOf))
    await allArrive(posthog, uuids)
    expect(rows.size).toBe(0)
    isUp = true
    await eventually(() => expect(rows).toEqual(uuids))
    expect(posthog.stored).toHaveLength(events.length)
  })
})
