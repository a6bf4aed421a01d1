import { afterEach, expect, it, vi } from 'vitest'

import { thisProcess } from '../../src/store/lock-holder.ts'
import { takeLock } from '../../src/store/lock.ts'
import { eventsBeingSent, markSending } from '../../src/store/senders.ts'
import { nobody, signatureOf, thisHolder } from '../../src/store/process-identity.ts'
import { changeStats } from '../../src/store/stats-file.ts'
import { freshStats } from '../../src/store/stats.ts'
import { eventually } from '../support/eventually.ts'
import { tempHome } from '../support/home.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

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

it('a holder that was suspended while it released a shared lock keeps others out for a moment', async () => {
  const file = tempHome().at('runmat.toml.lock')
  const take = () => takeLock(file, thisProcess(), { isShared: true })
  const lock = take()
  const start = Date.now()
  vi.spyOn(Date, 'now')
    .mockReturnValueOnce(start)
    .mockReturnValueOnce(start)
    .mockReturnValue(start + 60_000)
  lock?.release()
  vi.restoreAllMocks()
  expect(take()).toBeUndefined()
  await eventually(() => expect(take()).toBeDefined())
})

it('a holder that was suspended right before it signed does not have the lock', () => {
  const home = tempHome()
  const guarded = home.write('stats.json', `${signatureOf(nobody)},"kept":true}\n`)
  const file = home.at('.lock')
  const start = Date.now()
  let asked = 0
  vi.spyOn(Date, 'now').mockImplementation(() => {
    asked += 1
    // It has just made sure that it was not suspended.
    if (asked === 3) home.write(file, `{"pid":${process.ppid}}\n`)
    return asked < 3 ? start : start + 60_000
  })
  const lock = takeLock(file, signatureOf(thisHolder()), { guarded })
  expect(lock?.isOurs()).toBe(false)
  lock?.release()
  expect(home.read(file)).toBe(`{"pid":${process.ppid}}\n`)
})

it('a host that lost the statistics while it was suspended changes nothing, and says so', () => {
  const home = tempHome()
  const file = home.at('stats.json')
  const now = Date.now()
  const changed = changeStats(file, { now, bootedAt: 0 }, () => {
    home.write(`${file}.lock`, `{"pid":${process.ppid}}\n`)
    vi.useFakeTimers({ toFake: ['Date'], now: now + 60_000 })
    return { stats: freshStats('2026-01-01T00:00:00Z'), result: true, put: () => [] }
  })
  expect(changed).toBeUndefined()
  expect(home.has(file)).toBe(false)
})

it('a host that was suspended before it signed what it is sending does not send it', () => {
  const { state } = tempHome()
  const now = Date.now()
  vi.spyOn(Date, 'now')
    .mockReturnValueOnce(now)
    .mockReturnValue(now + 2000)
  expect(markSending({ state }, 'an-event')).toBeUndefined()
  expect(eventsBeingSent({ state })?.size).toBe(0)
})
