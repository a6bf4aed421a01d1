import { describe, expect, it } from 'vitest'

import { limits } from '../../src/deliver/policy.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { cli } from '../support/run.ts'
import { idOf, idsAt, stage, uploader } from '../faults/stage.ts'

describe.concurrent('events that the collector has refused', () => {
  const some = limits.patience

  it('are tried after all others, so that new events are still delivered', async () => {
    const { home, collector } = await stage({ answer: 422 })
    const refused = fillQueue(home, some)
    await uploader(home)
    expect(collector.requests).toBe(some)
    const fresh = fillQueue(home, 3, some + 1).map(({ id }) => id)
    const delivered: string[] = []
    collector.setAnswer((request) => {
      if (!fresh.includes(idOf(request))) return 422
      delivered.push(idOf(request))
      return 204
    })
    const seen = collector.requests
    expect(await uploadNow(home)).toMatchObject({ delivered: 3, kept: some })
    expect(delivered.toSorted()).toEqual(fresh.toSorted())
    // A few posts are in flight at once, so the order within them is open.
    expect(idsAt(collector).slice(seen, seen + 8)).toEqual(expect.arrayContaining(fresh))
    expect(Object.keys(queueContent(home))).toHaveLength(refused.length)
  })

  it('are not tried again by a detached uploader before their time', async () => {
    const { home, collector } = await stage({ answer: 422 })
    fillQueue(home, 3)
    await uploader(home)
    expect(collector.requests).toBe(3)
    const [fresh] = fillQueue(home, 1, 4)
    collector.setAnswer(204)
    await uploader(home)
    expect(idsAt(collector).slice(3)).toEqual([fresh?.id])
    expect(Object.keys(queueContent(home))).toHaveLength(3)
  })
})

/** What `upload` says, which exits with 1 because events remain. */
async function uploadNow(home: Home): Promise<unknown> {
  const { out, code } = await cli(home, ['upload', '--json'])
  expect(code).toBe(1)
  return JSON.parse(out)
}
