import { expect, it } from 'vitest'

import { host, settle, stage } from '../faults/stage.ts'
import { nothingRuns } from '../support/processes.ts'

it('a detached uploader finds the settings that RUNMAT_CONFIG names relative to the host', async () => {
  const { home, collector } = await stage()
  settle(home)
  home.write('named.toml', 'runtime.telemetry.enabled = true\n')
  const env = { RUNMAT_CONFIG: 'named.toml' }
  await host(home, { steps: [['count', 'run'], ['close']] }, { env })
  await nothingRuns(home)
  expect(collector.requests).toBe(1)
})
