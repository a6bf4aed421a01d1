import path from 'node:path'

import { expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import type { Stats } from '../../src/store/stats.ts'
import { faultHome, host, settle, fakeUploader } from '../faults/stage.ts'
import { queueContent } from '../support/events.ts'

it('milestones of old versions are forgotten in time, but the first run never is', async () => {
  const home = faultHome()
  const { firstRun, firstRunOfVersion } = runmat.milestones
  const old = Array.from({ length: 500 }, (_, index) => `${firstRunOfVersion}@0.0.${index}`)
  settle(home, { fired: [firstRun, ...old] })
  const { uploader } = fakeUploader(home)
  for (const version of ['1.0.0', '1.0.1']) {
    await host(home, { version, uploader, steps: [['count', 'repl'], ['close']] })
  }
  const { fired } = JSON.parse(home.read(path.join(home.state, 'stats.json'))) as Stats
  expect(fired).toContain(firstRun)
  expect(fired).toContain(`${firstRunOfVersion}@1.0.1`)
  expect(fired).toHaveLength(501)
  const triggers = Object.values(queueContent(home)).map(
    (bytes) => (JSON.parse(bytes) as { trigger: string }).trigger,
  )
  expect(triggers).toEqual([firstRunOfVersion, firstRunOfVersion])
})
