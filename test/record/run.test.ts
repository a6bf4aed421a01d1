import { runtimePlatformOf } from '../../src/contract/platform.ts'
import { describe, expect, it } from 'vitest'

import { newUuid } from '../../src/files/uuid.ts'
import { runmat } from '../../src/product/runmat.ts'
import { buildFinished, type RunFinish } from '../../src/record/run.ts'

const identity = {
  clientId: newUuid(),
  sessionId: newUuid(),
  ...runtimePlatformOf('linux', 'x64'),
  release: '0.6.1',
}

describe('the counters of a finished run', () => {
  it.each<[string, RunFinish['counters']]>([
    ['of the library', { totalExecutions: 3, jitCompiled: 2, interpreterFallback: 1 }],
    ['of the event', { total_executions: 3, jit_compiled: 2, interpreter_fallback: 1 }],
  ])('are accepted with the names %s', (_, counters) => {
    const moment = { eventId: newUuid(), now: 1_767_139_200_000, elapsedUs: 5 }
    const start = { runKind: 'script', jitEnabled: true, accelerateEnabled: false }
    const finish = { success: true, ...(counters && { counters }) }
    const bytes = buildFinished(runmat, identity, moment, start, finish) ?? ''
    expect(JSON.parse(bytes)).toMatchObject({
      payload: { counters: { total_executions: 3, jit_compiled: 2, interpreter_fallback: 1 } },
    })
  })
})
