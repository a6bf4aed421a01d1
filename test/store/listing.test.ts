import { mkdirSync } from 'node:fs'
import type * as fs from 'node:fs'
import path from 'node:path'

import { afterEach, expect, it, vi } from 'vitest'

import { openBacklog } from '../../src/deliver/backlog.ts'
import { runmat } from '../../src/product/runmat.ts'
import { assess } from '../../src/settings/context.ts'
import { remainingOf } from '../../src/store/postponed.ts'
import { eventsBeingSent, markSending, removeDeadSenders } from '../../src/store/senders.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { environmentIn } from '../support/in-process.ts'

/** What happens once a folder was listed. */
const nothing = vi.hoisted(() => (_folder: string): void => {})
const then = vi.hoisted(() => ({ act: nothing }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const readdirSync = (folder: string): string[] => {
    const names = real.readdirSync(folder)
    then.act(folder)
    return names
  }
  return { ...real, readdirSync }
})

afterEach(() => {
  then.act = nothing
  vi.useRealTimers()
})

const fail = () => {
  throw Object.assign(new Error('EIO'), { code: 'EIO' })
}

it('what a host begins to send while dead markers are removed keeps its marker', () => {
  const home = tempHome()
  const { state } = home
  const dead = home.write(path.join(state, 'senders', 'dead'), '{"pid":999999999,"born":"1"}\n')
  then.act = () => void markSending({ state }, 'new')
  removeDeadSenders({ state })
  expect(home.has(dead)).toBe(false)
  expect(eventsBeingSent({ state })).toEqual(new Set(['new']))
})

it('no postponed count is forgotten, and counted again, because a listing failed', () => {
  const home = tempHome()
  home.write('counts/a.json', '')
  then.act = fail
  expect(remainingOf(home.at('stats.json'), ['a.json'])).toEqual(['a.json'])
})

it('what a host may still be sending is not sent as well because a listing failed', () => {
  const home = tempHome()
  const environment = { ...environmentIn(home.path), now: () => Date.now() }
  const context = assess(runmat, environment, '1.0.0')
  fillQueue(home, 1)
  const [name = ''] = Object.keys(queueContent(home))
  mkdirSync(path.join(home.state, 'senders'))
  then.act = (folder) => {
    if (folder.endsWith('senders')) fail()
  }
  const { next, awaitsHosts } = openBacklog(context, true, new Set())
  expect([next(), awaitsHosts()]).toEqual([undefined, true])
  // A host's own post is settled by then.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
  expect([next(), awaitsHosts()]).toEqual([name, false])
})

it('nothing is forgotten of what waits because a listing failed', () => {
  const home = tempHome()
  fillQueue(home, 1)
  const { remaining, rest } = openBacklog(
    assess(runmat, environmentIn(home.path), '1.0.0'),
    true,
    new Set(),
  )
  const [name = ''] = Object.keys(queueContent(home))
  rest(name)
  rest('gone.json')
  expect(Object.keys(remaining().refused)).toEqual([name])
  then.act = fail
  expect(Object.keys(remaining().refused)).toEqual([name, 'gone.json'])
})
