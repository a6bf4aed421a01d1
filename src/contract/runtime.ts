import * as v from 'valibot'

import type { RuntimeFacts } from '../product/product.ts'
import {
  clientId,
  component,
  count,
  deviceText,
  field,
  identifier,
  milliseconds,
  nilUuid,
  oneOf,
  randomUuid,
  ratio,
  version,
} from './atoms.ts'
import { type Contract, contractOf } from './contract.ts'
import { oncePerProduct } from './once.ts'
import { runtimeArchitectures, runtimeSystems } from './platform.ts'

export const runStarted = 'runtime.run.started'
export const runFinished = 'runtime.run.finished'

/** The two events of a run share their envelope; what they carry differs. */
export const runtimeContracts = oncePerProduct(({ name, runtime }): readonly Contract[] => {
  if (runtime === undefined) return []
  const isPreview = ({ cid }: Readonly<Record<string, unknown>>) => cid === nilUuid
  return [
    contractOf('runtime', `${name} run started`, startedSchema(runtime), isPreview),
    contractOf('runtime', `${name} run finished`, finishedSchema(runtime), isPreview),
  ]
})

const enabledness = {
  jit_enabled: may(v.boolean(), 'Whether JIT compilation was enabled.'),
  accelerate_enabled: may(v.boolean(), 'Whether acceleration was enabled.'),
}

/** @internal */
export function startedSchema(facts: RuntimeFacts) {
  return v.strictObject({
    ...envelope(facts, runStarted),
    payload: field(
      v.strictObject({
        ...enabledness,
        timestamp_ms: may(milliseconds, 'When it started.'),
      }),
      'Whether JIT and acceleration were enabled.',
      'Shows how often the fast paths could be used.',
    ),
  })
}

/** @internal */
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
        clientId,
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
  return {
    duration_us: says(count, 'How long the run took, in microseconds.'),
    success: may(v.boolean(), 'Whether it ended well.'),
    jit_enabled: enabledness.jit_enabled,
    jit_used: may(v.boolean(), 'Whether compiled code ran.'),
    accelerate_enabled: enabledness.accelerate_enabled,
    timestamp_ms: may(milliseconds, 'When it ended.'),
    error: may(identifier, 'The stable name of the error. Never its message.'),
    'runtime.failure.stage': may(oneOf(failures.stages), 'The stage that failed.'),
    'runtime.failure.code': may(identifier, 'The stable name of the error.'),
    'runtime.failure.has_span': may(v.boolean(), 'Whether its place in the source was known.'),
    'runtime.failure.host': may(oneOf(failures.hosts), 'The kind of host it happened in.'),
    'runtime.failure.component': may(component, 'The part of the runtime it happened in.'),
    counters: may(
      v.strictObject({
        total_executions: v.optional(count),
        jit_compiled: v.optional(count),
        interpreter_fallback: v.optional(count),
      }),
      'How often code was executed, compiled, and interpreted instead.',
    ),
    provider: may(
      v.strictObject({
        device: v.strictObject({
          name: v.optional(deviceText),
          vendor: v.optional(deviceText),
          backend: v.optional(oneOf(backends)),
        }),
      }),
      'The model, vendor and backend of the GPU. No serial number.',
    ),
    gpu_wall_ns: may(count, 'How long the GPU worked, in nanoseconds.'),
    gpu_ratio: may(ratio, 'The share of the run in which it did.'),
    gpu_dispatches: may(count, 'How often work was given to it.'),
    gpu_upload_bytes: may(count, 'How much was copied to it.'),
    gpu_download_bytes: may(count, 'How much was copied back.'),
    fusion_cache_hits: may(count, 'How often a fused operation was found ready.'),
    fusion_cache_misses: may(count, 'How often it had to be made.'),
    fusion_hit_ratio: may(ratio, 'The share that was found ready.'),
  }
}

function says<S extends v.GenericSchema>(schema: S, meaning: string) {
  return v.pipe(schema, v.description(meaning))
}

/** A field that is left out where it does not fit: a host that gets one wrong is heard on the rest. */
function may<S extends v.GenericSchema>(schema: S, meaning: string) {
  return v.optional(says(schema, meaning))
}
