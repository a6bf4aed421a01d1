import { expect, it } from 'vitest'

import { runtimePlatformOf } from '../../src/contract/platform.ts'
import { runmat } from '../../src/product/runmat.ts'
import { buildFinished } from '../../src/record/run.ts'

const identity = {
  clientId: 'eac98648-3b42-41c7-a887-7452dd08cbf0',
  sessionId: 'f3c1e6a2-64a5-4b9b-9a70-3d0d8a1c5d11',
  ...runtimePlatformOf('linux', 'x64'),
  release: '0.6.1',
}
const moment = { eventId: '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7', now: 0, elapsedUs: 0 }
const start = { runKind: 'script', jitEnabled: true, accelerateEnabled: true }

it.each([
  [{ gpuWallNs: 500_000 }, { gpu_ratio: 0.5 }],
  // The clock of a GPU and that of the host do not agree to the microsecond.
  [{ gpuWallNs: 1_500_000 }, { gpu_ratio: 1 }],
  [{ fusionCacheHits: 3, fusionCacheMisses: 1 }, { fusion_hit_ratio: 0.75 }],
  [{ fusionCacheHits: 3, fusionCacheMisses: 0 }, { fusion_hit_ratio: 1 }],
])('a run of a millisecond with %j has %j', (provider, shares) => {
  const finish = { success: true, durationUs: 1000, provider }
  const bytes = buildFinished(runmat, identity, moment, start, finish)
  expect(JSON.parse(bytes ?? '{}')).toMatchObject({ payload: shares })
})
