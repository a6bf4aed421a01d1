import { afterEach, expect, it, vi } from 'vitest'

import { takeLock } from '../../src/store/lock.ts'
import { tempHome } from '../support/home.ts'

afterEach(() => vi.useRealTimers())

it('a holder that was suspended until another process took its lock over leaves that lock alone', () => {
  const home = tempHome()
  const file = home.at('.lock')
  const lock = takeLock(file, `{"pid":${process.pid}}\n`)
  const other = `{"pid":${process.ppid}}\n`
  home.write(file, other)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
  expect(lock?.isOurs()).toBe(false)
  lock?.release()
  expect(home.read(file)).toBe(other)
})
