import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { fillQueue, queueContent } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { idsAt, stage, uploader, uploaderIn } from '../faults/stage.ts'

const dead = '{"pid":999999999,"born":"1"}\n'

describe('uploaders that find the lock of a dead uploader', () => {
  it('do not both take it over, however slow one of two is', async () => {
    const { home, collector } = await stage({ answer: { hang: 'before headers' } })
    const [event] = fillQueue(home, 1)
    const lock = home.write(path.join(home.state, '.lock'), dead)
    const go = home.at('go')
    // The slow one has read the lock, and does not get to make its successor.
    const slow = uploader(home, {
      env: withFsFaults(home, { hold: { call: /create .*\.lock\.takeover/, go } }),
    })
    await eventually(() => expect(home.has('go.held')).toBe(true))
    const fast = uploader(home)
    await collector.received(1)
    const holder = uploaderIn(home)
    const text = home.read(lock)
    home.write('go', '')
    await slow
    expect([uploaderIn(home), home.read(lock)]).toEqual([holder, text])
    expect(home.has(`${lock}.takeover`)).toBe(false)
    expect(idsAt(collector)).toEqual([event?.id])
    process.kill(holder, 'SIGKILL')
    await fast
  })

  it('do not wait for one that was killed while it took the lock over', async () => {
    const { home, collector } = await stage()
    fillQueue(home, 1)
    home.write(path.join(home.state, '.lock'), dead)
    home.write(path.join(home.state, '.lock.takeover'), dead)
    await uploader(home)
    expect(queueContent(home)).toEqual({})
    expect(collector.requests).toBe(1)
  })

  it('remove a successor that a killed process left behind', async () => {
    const { home, collector } = await stage()
    fillQueue(home, 1)
    home.write(path.join(home.state, '.lock'), dead)
    // Killed before it had signed.
    home.write(path.join(home.state, '.lock.takeover'), '')
    await eventually(async () => {
      await uploader(home)
      expect(queueContent(home)).toEqual({})
    })
    expect(collector.requests).toBe(1)
    expect(home.has(path.join(home.state, '.lock.takeover'))).toBe(false)
  })
})
