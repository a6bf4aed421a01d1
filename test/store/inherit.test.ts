import type * as fs from 'node:fs'

import { expect, it, vi } from 'vitest'

import { thisProcess } from '../../src/store/lock-holder.ts'
import { takeLock } from '../../src/store/lock.ts'
import { tempHome } from '../support/home.ts'

/** What happens right before a file gets another name. */
const first = vi.hoisted(() => ({ act: () => {} }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const renameSync: typeof real.renameSync = (from, to) => {
    first.act()
    real.renameSync(from, to)
  }
  return { ...real, renameSync }
})

it('a process that put the successor of another one in the place of a dead lock has to try again', () => {
  const home = tempHome()
  const file = home.write('.lock', '{"pid":999999999,"born":"1"}\n')
  // It was suspended here and taken for stuck, and another process has made its own successor.
  first.act = () => {
    first.act = () => {}
    home.write(`${file}.takeover`, `{"pid":${process.ppid}}\n`)
  }
  const lock = takeLock(file, thisProcess())
  expect(home.read(file)).toBe(thisProcess())
  expect(lock?.isInherited).toBe(true)
  lock?.release()
})
