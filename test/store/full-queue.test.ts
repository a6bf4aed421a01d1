import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { queueLimits } from '../../src/store/queue.ts'
import type { Stats } from '../../src/store/stats.ts'
import { faultHome, host, settle, fakeUploader } from '../faults/stage.ts'
import { fillQueue, namesIn, queueFolder } from '../support/events.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'

/** A host with something new to say, in front of a full queue. */
function fullHome(): Home {
  const home = faultHome()
  settle(home, { sequence: queueLimits.events })
  fillQueue(home, queueLimits.events)
  return home
}

function record(home: Home, env: Record<string, string> = {}) {
  const { uploader } = fakeUploader(home)
  return host(home, { uploader, steps: [['count', 'run'], ['close']] }, { env })
}

const statsOf = (home: Home) => JSON.parse(home.read(path.join(home.state, 'stats.json'))) as Stats

describe('in a full queue, the oldest event', () => {
  it('is dropped for a new one, and counted', async () => {
    const home = fullHome()
    const before = namesIn(queueFolder(home))
    await record(home)
    const after = namesIn(queueFolder(home))
    expect(after.slice(0, -1)).toEqual(before.slice(1))
    expect(statsOf(home)).toMatchObject({ dropped: 1, sequence: queueLimits.events + 1 })
  })

  it.each([
    ['there is no room for new statistics', /create .*stats\.json\..*tmp/],
    ['the new statistics cannot take the place of the old', /rename .*-> .*stats\.json$/],
    ['there is no room for the new event', /create .*queue.*tmp/],
  ])('stays if %s', async (_, fail) => {
    const home = fullHome()
    const before = [namesIn(queueFolder(home)), statsOf(home)]
    const log = home.at('calls')
    await record(home, withFsFaults(home, { fail, log }))
    expect(home.read('calls')).toMatch(new RegExp(fail.source, 'm'))
    expect([namesIn(queueFolder(home)), statsOf(home)]).toEqual(before)
  })
})
