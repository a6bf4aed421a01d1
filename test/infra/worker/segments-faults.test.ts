import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { openSegments } from '../../../infra/worker/src/sinks/segments.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { withFault } from './support/faults.ts'

const home = tempHome()
let folders = 0

async function open(lease = { ms: 1000, renewMs: 5 }) {
  folders += 1
  const folder = home.at(`events-${folders}`)
  const settings = { folder, worker: 'one', retentionDays: undefined }
  const { sink } = await openSegments(settings, { note: () => undefined, lease })
  return { folder, sink, lock: path.join(folder, 'one.lock') }
}

describe('the lock of a name', () => {
  it('is ours again if it was lost, and could not be opened when it was taken again', async () => {
    const { sink, lock } = await open()
    await withFault('open', /one\.lock$/, 'EMFILE', async () => {
      rmSync(lock)
      await eventually(() => expect(existsSync(lock)).toBe(true))
      await eventually(async () => expect(await sink.probe()).toBeDefined())
    })
    await eventually(async () => expect(await sink.probe()).toBeUndefined())
    await sink.close()
    expect(existsSync(lock)).toBe(false)
  })
})
