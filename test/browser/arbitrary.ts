import * as fc from 'fast-check'

import type { RunFinish, RunStart } from '../../src/record/run.ts'

const optional = { requiredKeys: [] }

/** Mostly what it should be, and sometimes anything at all. */
function odd<T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: fc.anything() })
}

const flag = odd(fc.boolean())
const figure = odd(fc.oneof(fc.nat(), fc.integer(), fc.double(), fc.maxSafeNat()))
const name = odd(fc.stringMatching(/^[A-Za-z0-9 :._@/-]{0,100}$/))

function oneOf(...words: readonly string[]): fc.Arbitrary<unknown> {
  return odd(fc.constantFrom(...words, 'lunch', ''))
}

const runKind = oneOf('script', 'repl', 'benchmark', 'kernel')
const backend = oneOf('wgpu', 'metal')
const stage = oneOf('parser', 'runtime')
const host = oneOf('wasm', 'kernel', 'desktop')

/** What a host may say, in TypeScript’s eyes or not. */
export const anyStart = fc.record({
  runKind,
  jitEnabled: flag,
  accelerateEnabled: flag,
}) as fc.Arbitrary<unknown> as fc.Arbitrary<RunStart>

export const anyFinish = fc.record(
  {
    success: flag,
    jitUsed: flag,
    durationUs: figure,
    counters: odd(
      fc.record(
        { totalExecutions: figure, jitCompiled: figure, interpreterFallback: figure },
        optional,
      ),
    ),
    provider: odd(
      fc.record(
        {
          device: odd(fc.record({ name, vendor: name, backend }, optional)),
          gpuWallNs: figure,
          gpuDispatches: figure,
          gpuUploadBytes: figure,
          gpuDownloadBytes: figure,
          fusionCacheHits: figure,
          fusionCacheMisses: figure,
        },
        optional,
      ),
    ),
    failure: odd(fc.record({ stage, code: name, hasSpan: flag, host, component: name }, optional)),
  },
  optional,
) as fc.Arbitrary<unknown> as fc.Arbitrary<RunFinish>
