import * as fc from 'fast-check'

import type { RunFinish, RunStart } from '../../src/record/run.ts'

const optional = { requiredKeys: [] }

/** Mostly what it should be, and sometimes anything at all. */
function odd<T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: fc.anything() })
}

const flag = odd(fc.boolean())
const figure = odd(fc.oneof(fc.nat(), fc.integer(), fc.double(), fc.maxSafeNat()))
const share = odd(fc.double({ min: -0.5, max: 1.5 }))
const uuid = odd(fc.uuid({ version: 4 }))
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

const payload = fc.record(
  {
    duration_us: figure,
    success: flag,
    jit_enabled: flag,
    jit_used: flag,
    accelerate_enabled: flag,
    timestamp_ms: figure,
    error: name,
    'runtime.failure.stage': stage,
    'runtime.failure.code': name,
    'runtime.failure.has_span': flag,
    'runtime.failure.host': host,
    'runtime.failure.component': name,
    counters: odd(fc.record({ total_executions: figure, jit_compiled: figure }, optional)),
    provider: odd(fc.record({ device: odd(fc.record({ name, vendor: name, backend }, optional)) })),
    gpu_wall_ns: figure,
    gpu_ratio: share,
    fusion_cache_hits: figure,
    fusion_hit_ratio: share,
    source: name,
  },
  optional,
)

/** What somebody may pass off as an event with one of these labels. */
export function claims(labels: readonly string[]): fc.Arbitrary<unknown> {
  const envelope = {
    event_label: odd(fc.constantFrom(...labels)),
    uuid,
    cid: odd(fc.oneof(fc.uuid(), fc.constant('00000000-0000-0000-0000-000000000000'))),
    session_id: uuid,
    os: oneOf('linux', 'macos', 'android'),
    arch: oneOf('x86_64', 'wasm32'),
    release: oneOf('0.6.1', 'v1.2.3-beta.1', '1.2'),
    run_kind: runKind,
    payload: odd(payload),
    user: name,
  }
  return fc.oneof(fc.record(envelope), fc.record(envelope, optional), fc.anything())
}
