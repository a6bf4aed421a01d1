import { afterEach, describe, expect, it, vi } from 'vitest'

import { liveHolder, thisProcess } from '../../src/store/lock-holder.ts'
import { takeLock } from '../../src/store/lock.ts'
import { tempHome } from '../support/home.ts'

const minute = 60_000

/** As systems leave it that do not tell when a process was born; its number lives, here and now. */
const numberOnly = `{"pid":${process.pid},"born":null}\n`

const later = (ms: number) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
}

describe('a lock that tells only the number of its holder', () => {
  afterEach(() => vi.useRealTimers())

  it('is held for as long as an upload can take', () => {
    const home = tempHome()
    home.write('.lock', numberOnly)
    later(65 * minute)
    expect(liveHolder(home.at('.lock'))).toMatchObject({ pid: process.pid })
    expect(takeLock(home.at('.lock'), thisProcess())).toBeUndefined()
  })

  it('is left by somebody dead after that, whoever has the number now', () => {
    const home = tempHome()
    home.write('.lock', numberOnly)
    later(100 * minute)
    expect(liveHolder(home.at('.lock'))).toBeUndefined()
    const lock = takeLock(home.at('.lock'), thisProcess())
    expect(lock).toMatchObject({ isInherited: true })
    vi.useRealTimers()
    lock?.release()
    expect(home.has('.lock')).toBe(false)
  })

  it.runIf(process.platform === 'linux')('is held for good where the birth is known', () => {
    const home = tempHome()
    home.write('.lock', thisProcess())
    later(1000 * minute)
    expect(liveHolder(home.at('.lock'))).toMatchObject({ pid: process.pid })
  })
})
