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

describe('the error of a finished run', () => {
  const errorIn = (code: unknown): unknown => {
    const moment = { eventId: newUuid(), now: 1_767_139_200_000, elapsedUs: 5 }
    const start = { runKind: 'script', jitEnabled: true, accelerateEnabled: false }
    const finish = { success: false, failure: { stage: 'runtime', code } } as RunFinish
    const bytes = buildFinished(runmat, identity, moment, start, finish) ?? ''
    const { payload } = JSON.parse(bytes) as { payload: Record<string, unknown> }
    expect(payload['runtime.failure.code']).toBe(payload['error'])
    return payload['error']
  }

  it.each(['RunMat:IndexOutOfBounds', 'MATLAB:UndefinedFunction', 'Octave:bad_input'])(
    'is what RunMat or its models call it: %s',
    (code) => {
      expect(errorIn(code)).toBe(code)
    },
  )

  it.each(['StMarysHospital:PatientSmith1974', 'RunMat:', 'runmat:x', 'disk full at /home/ann'])(
    'is user, and never %s, if a program chose it',
    (code) => {
      expect(errorIn(code)).toBe('user')
    },
  )

  it.each([undefined, '', 7, null])('is absent if the host gives %j', (code) => {
    expect(errorIn(code)).toBeUndefined()
  })
})
