import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { takeUploadLock } from '../../src/store/upload-lock.ts'
import { tempHome } from '../support/home.ts'

const start = Date.now()
const other = `{"pid":${process.ppid}}\n`

beforeEach(() => {
  vi.useFakeTimers({ now: start })
})

afterEach(() => {
  vi.useRealTimers()
})

function world() {
  const home = tempHome()
  const file = home.at('.lock')
  return { lock: takeUploadLock(file), takeOver: () => home.write(file, other) }
}

describe('an uploader that was suspended finds that another one has its lock', () => {
  it('after its lease has ended', () => {
    const { lock, takeOver } = world()
    expect(lock?.isOurs()).toBe(true)
    takeOver()
    vi.setSystemTime(start + 15_000)
    expect(lock?.isOurs()).toBe(false)
  })

  it('before it ever saw that the lock was its own', () => {
    const { lock, takeOver } = world()
    takeOver()
    vi.setSystemTime(start + 1000)
    expect(lock?.isOurs()).toBe(false)
  })

  it('when the clock was set back meanwhile', () => {
    const { lock, takeOver } = world()
    expect(lock?.isOurs()).toBe(true)
    takeOver()
    vi.setSystemTime(start - 60_000)
    expect(lock?.isOurs()).toBe(false)
  })

  it('when it renews the lock, and from then on', () => {
    const { lock, takeOver } = world()
    expect(lock?.isOurs()).toBe(true)
    takeOver()
    vi.advanceTimersByTime(3000)
    expect(lock?.isOurs()).toBe(false)
    expect(lock?.isOurs()).toBe(false)
  })
})
