import * as v from 'valibot'

import type { Product, RuntimeFacts } from '../product/product.ts'
import {
  component,
  count,
  deviceText,
  field,
  identifier,
  milliseconds,
  oneOf,
  randomUuid,
  ratio,
  version,
} from './atoms.ts'
import { type Contract, contractOf } from './contract.ts'
import { runtimeArchitectures, runtimeSystems } from './platform.ts'

export const runStarted = 'runtime.run.started'
export const runFinished = 'runtime.run.finished'

/** The two events of a run share their envelope; what they carry differs. */
export function runtimeContracts({ name, runtime }: Product): readonly Contract[] {
  if (runtime === undefined) return []
  return [
    contractOf('runtime', `${name} run started`, startedSchema(runtime)),
    contractOf('runtime', `${name} run finished`, finishedSchema(runtime)),
  ]
}

/** A host that gets one wrong is still heard on the rest. */
const flag = v.optional(v.boolean())

export function startedSchema(facts: RuntimeFacts) {
  return v.strictObject({
    ...envelope(facts, runStarted),
    payload: field(
      v.strictObject({
        jit_enabled: flag,
        accelerate_enabled: flag,
        timestamp_ms: v.optional(milliseconds),
      }),
      'Whether JIT and acceleration were enabled.',
      'Shows how often the fast paths could be used.',
    ),
  })
}

export function finishedSchema(facts: RuntimeFacts) {
  return v.strictObject({
    ...envelope(facts, runFinished),
    payload: field(
      v.strictObject(finishedPayload(facts)),
      'How the run went: duration, outcome, counters, and what the GPU did.',
      'Shows how often the fast paths were used, and where runs fail.',
    ),
  })
}

function envelope<const Label extends string>(facts: RuntimeFacts, label: Label) {
  return {
    event_label: field(v.literal(label), 'Name of the event.', 'Says what happened.'),
    uuid: field(
      randomUuid,
      'Random UUID, new for every event.',
      'Lets the collector count an event once even if it arrives twice.',
    ),
    cid: v.optional(
      field(
        randomUuid,
        'The client id: a random UUID made on this machine.',
        'Tells "one machine ten times" from "ten machines once".',
      ),
    ),
    session_id: field(
      randomUuid,
      'Random UUID, new for every run.',
      'Brings the start and the end of one run together.',
    ),
    os: field(oneOf(runtimeSystems), 'Operating system.', 'Shows which platforms need care.'),
    arch: field(
      oneOf(runtimeArchitectures),
      'Class of processor.',
      'Shows which platforms need care.',
    ),
    release: v.optional(field(version, 'Version of the host.', 'Shows where a problem began.')),
    run_kind: field(
      oneOf(facts.runKinds),
      'What kind of run it was.',
      'Scripts and sessions behave differently.',
    ),
  }
}

function finishedPayload({ failures, backends }: RuntimeFacts) {
  const figure = v.optional(count)
  return {
    duration_us: count,
    success: flag,
    jit_enabled: flag,
    jit_used: flag,
    accelerate_enabled: flag,
    timestamp_ms: v.optional(milliseconds),
    error: v.optional(identifier),
    'runtime.failure.stage': v.optional(oneOf(failures.stages)),
    'runtime.failure.code': v.optional(identifier),
    'runtime.failure.has_span': v.optional(v.boolean()),
    'runtime.failure.host': v.optional(oneOf(failures.hosts)),
    'runtime.failure.component': v.optional(component),
    counters: v.optional(
      v.strictObject({
        total_executions: figure,
        jit_compiled: figure,
        interpreter_fallback: figure,
      }),
    ),
    provider: v.optional(
      v.strictObject({
        device: v.strictObject({
          name: v.optional(deviceText),
          vendor: v.optional(deviceText),
          backend: v.optional(oneOf(backends)),
        }),
      }),
    ),
    gpu_wall_ns: figure,
    gpu_ratio: v.optional(ratio),
    gpu_dispatches: figure,
    gpu_upload_bytes: figure,
    gpu_download_bytes: figure,
    fusion_cache_hits: figure,
    fusion_cache_misses: figure,
    fusion_hit_ratio: v.optional(ratio),
  }
}
