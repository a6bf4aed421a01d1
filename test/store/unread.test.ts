import type * as fs from 'node:fs'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { openBacklog } from '../../src/deliver/backlog.ts'
import { isResting, noteAnswer, uploadIsDue } from '../../src/deliver/schedule.ts'
import { recordUsage } from '../../src/record/record-usage.ts'
import { runmat } from '../../src/product/runmat.ts'
import { assess } from '../../src/settings/context.ts'
import { liveHolder, thisProcess } from '../../src/store/lock-holder.ts'
import { mintClientId, readClientId } from '../../src/store/client-id.ts'
import { readSmallFile } from '../../src/files/read.ts'
import { freshStats, readStats } from '../../src/store/stats.ts'
import { changeStats } from '../../src/store/stats-file.ts'
import { sentElsewhere } from '../../src/store/erasure.ts'
import { readQueued } from '../../src/store/queued-event.ts'
import { takeLock } from '../../src/store/lock.ts'
import { stopSenders } from '../../src/store/senders.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { environmentIn } from '../support/in-process.ts'

/** Files that cannot be opened, and why. Only on Windows does another program lock one. */
const open = vi.hoisted(() => new Map<string, string>())

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const openSync: typeof real.openSync = (file, ...rest) => {
    const code = open.get(String(file))
    if (code === undefined || rest[0] === 'wx') return real.openSync(file, ...rest)
    throw Object.assign(new Error(code), { code })
  }
  return { ...real, openSync }
})

describe.each([
  ['another program has locked', 'EBUSY'],
  ['lies on a disk that is away', 'EIO'],
  ['cannot be opened beside so many others', 'EMFILE'],
])('a file that %s', (_, code) => {
  afterEach(() => {
    open.clear()
    vi.restoreAllMocks()
  })

  const held = (content: string) => {
    const home = tempHome()
    const file = home.write('file', content)
    open.set(file, code)
    return { file, read: () => home.read('file'), release: () => open.delete(file) }
  }

  it('is told from one that is unreadable', () => {
    expect(readSmallFile(held('x').file, 10)).toMatchObject({ kind: 'unreadable', isPassing: true })
  })

  it('keeps its client id', () => {
    const id = '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7'
    const { file, read, release } = held(id)
    expect(readClientId(file)).toBeUndefined()
    expect(() => mintClientId(file)).toThrow(/unknown for now/)
    release()
    expect(read()).toBe(id)
    expect(mintClientId(file)).toBe(id)
  })

  it('loses no count that an event with its client id was to tell of', () => {
    const home = tempHome()
    const context = assess(runmat, environmentIn(home.path), '1.0.0')
    const count = () => recordUsage(context, '1.0.0', { subcommand: 'run' }, () => true).queued
    open.set(home.write(home.clientId, '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7'), code)
    expect(count()).toEqual([])
    open.clear()
    expect(count()).not.toEqual([])
    expect(readStats(context.paths.stats)).toMatchObject({
      stats: { subcommand_counts: { run: 2 } },
    })
  })

  it('hides no event with its client id that a killed host has queued', () => {
    const home = tempHome()
    const context = assess(runmat, environmentIn(home.path), '1.0.0')
    const fired = ['first_seen_for_install_id', 'first_seen_for_version@1.0.0']
    // A host was killed after it had queued the event, and before it wrote the statistics.
    const known = { ...freshStats('2020-01-01T00:00:00Z'), notice: 1, fired }
    home.write(context.paths.stats, JSON.stringify(known))
    const [event] = fillQueue(home, 1, 7)
    const { install_id: id } = JSON.parse(event?.bytes ?? '') as { install_id: string }
    const count = () => recordUsage(context, '1.0.0', { capabilities: {} }, () => true)
    open.set(home.write(home.clientId, id), code)
    count()
    open.clear()
    count()
    expect(readStats(context.paths.stats)).toMatchObject({ stats: { sequence: 7 } })
  })

  it('keeps its statistics, even damaged ones', () => {
    const { file, read, release } = held('{"sequence":7}')
    const change = vi.fn<Parameters<typeof changeStats>[2]>()
    const moment = { now: Date.now(), bootedAt: 0 }
    // The caller postpones what can't be counted now.
    expect(changeStats(file, moment, change)).toBeUndefined()
    expect(change).not.toHaveBeenCalled()
    release()
    expect(read()).toBe('{"sequence":7}')
  })

  it.runIf(code === 'EBUSY')('does not hold up a host that counts', () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32')
    const wait = vi.spyOn(Atomics, 'wait').mockReturnValue('timed-out')
    const { file } = held('{}')
    expect(changeStats(file, { now: Date.now(), bootedAt: 0 }, vi.fn())).toBeUndefined()
    const waitedMs = wait.mock.calls.reduce(
      (sum, [, , , milliseconds = 0]) => sum + milliseconds,
      0,
    )
    expect(waitedMs).toBeGreaterThan(0)
    expect(waitedMs).toBeLessThan(200)
  })

  it('is not taken for a ledger of which nothing has to be erased', () => {
    const home = tempHome()
    const { ledger } = assess(runmat, environmentIn(home.path), '1.0.0').paths
    open.set(home.write(ledger, ''), code)
    expect(() => sentElsewhere({ ledger }, () => false)).toThrow(code)
  })

  it('is a lock that is held', () => {
    const { file } = held('{"pid":999999999,"born":"1"}')
    expect(liveHolder(file)).toBeDefined()
    expect(takeLock(file, thisProcess())).toBeUndefined()
  })

  it.each(['at first', 'later'])('is the marker of one who is still sending (%s)', async (when) => {
    const home = tempHome()
    const marker = home.write('state/senders/an-event', thisProcess())
    if (when === 'at first') {
      open.set(marker, code)
      setTimeout(() => open.clear(), 50)
    } else setTimeout(() => open.set(marker, code), 50)
    const paths = { state: home.at('state'), lock: home.at('state/.lock') }
    expect(await stopSenders(paths)).toMatchObject({ stopped: false })
  })

  it('keeps what it says about uploads, and until it can be read nothing is sent', () => {
    const home = tempHome()
    fillQueue(home, 1)
    const delivered = Object.keys(queueContent(home))
    const context = assess(runmat, environmentIn(home.path), '1.0.0')
    const endpoint = context.choices.endpoint.value
    const { uploads } = context.paths
    home.write(uploads, JSON.stringify({ endpoint, delivered }))
    open.set(uploads, code)
    expect(() => openBacklog(context, true, new Set())).toThrow(/^Cannot read .*uploads\.json: /)
    expect(uploadIsDue(context)).toBe(false)
    expect(isResting(context)).toBe(true)
    noteAnswer(context, endpoint, { kind: 'answered', status: 200 })
    expect(home.read(uploads)).toBe(JSON.stringify({ endpoint, delivered }))
  })

  it('stays in the queue, however old it is', () => {
    const { file } = held('{}')
    expect(readQueued(file, [], Date.now() + 60_000)).toEqual({ kind: 'unread' })
  })
})
