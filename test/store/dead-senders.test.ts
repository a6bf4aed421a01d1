import type * as fs from 'node:fs'
import path from 'node:path'

import { expect, it, vi } from 'vitest'

import { eventsBeingSent, markSending, removeDeadSenders } from '../../src/store/senders.ts'
import { tempHome } from '../support/home.ts'

/** What happens right after a folder was listed. */
const then = vi.hoisted(() => ({ act: () => {} }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const readdirSync = (folder: string): string[] => {
    const names = real.readdirSync(folder)
    then.act()
    return names
  }
  return { ...real, readdirSync }
})

it('what a host begins to send while dead markers are removed keeps its marker', () => {
  const home = tempHome()
  const { state } = home
  const dead = home.write(path.join(state, 'senders', 'dead'), '{"pid":999999999,"born":"1"}\n')
  then.act = () => void markSending({ state }, 'new')
  removeDeadSenders({ state })
  expect(home.has(dead)).toBe(false)
  expect([...eventsBeingSent({ state })]).toEqual(['new'])
})
