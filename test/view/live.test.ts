import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import path from 'node:path'

import { expect, it } from 'vitest'

import { invocationOf } from '../../src/cli/invocation.ts'
import { processIo } from '../../src/cli/io.ts'
import { openLive } from '../../src/cli/view/live.ts'
import { takeSnapshot } from '../../src/files/snapshot.ts'
import { runmat } from '../../src/product/runmat.ts'
import { eventually } from '../support/eventually.ts'
import { environmentIn } from '../support/in-process.ts'
import { tempHome } from '../support/home.ts'

it('a tab that reads nothing gets nothing more, and the newest page when it reads again', async () => {
  const home = tempHome()
  const tool = {
    product: runmat,
    environment: environmentIn(home.path),
    version: '0.0.0',
    hostVersion: undefined,
    uploader: () => undefined,
    io: processIo({}),
  }
  const live = openLive(await invocationOf(tool, takeSnapshot()), () => undefined)
  const openTab = () => {
    const frames: string[] = []
    const tab = Object.assign(new EventEmitter(), {
      frames,
      writableNeedDrain: false,
      writeHead: () => undefined,
      write: (text: string) => text.startsWith('event: page') && frames.push(text),
      end: () => undefined,
    })
    live.follow(tab as unknown as ServerResponse, { waiting: 1, sent: 1 })
    return tab
  }
  const [reading, asleep] = [openTab(), openTab()]
  asleep.writableNeedDrain = true
  for (let round = 1; round <= 3; round += 1) {
    home.write(path.join(home.state, 'stats.json'), ' '.repeat(round))
    await eventually(() => expect(reading.frames).toHaveLength(round))
  }
  expect(asleep.frames).toEqual([])
  asleep.writableNeedDrain = false
  await eventually(() => expect(asleep.frames).toHaveLength(1))
  live.close()
})
