import type { Product, RuntimeFacts } from '../product/product.ts'
import { accepts } from './check.ts'
import { contractOf, type EventContract } from './contract.ts'
import { runtimeArchitectures, runtimeSystems } from './platform.ts'
import { constant, object, oneOf, optional } from './schema.ts'
import {
  clientId,
  component,
  count,
  deviceText,
  flag,
  identifierIn,
  milliseconds,
  nilUuid,
  ratio,
  userIdentifier,
  uuid,
  version,
} from './values.ts'

export const runStarted = 'runtime.run.started'
export const runFinished = 'runtime.run.finished'

/** The two events of a run share their envelope; what they carry differs. */
export function runtimeContracts({ name, runtime }: Product): readonly EventContract[] {
  if (runtime === undefined) return []
  const isPreview: EventContract['isPreview'] = ({ cid }) => cid === nilUuid
  return [
    contractOf('runtime', `${name} run started`, startedEvent(runtime), isPreview),
    contractOf('runtime', `${name} run finished`, finishedEvent(runtime), isPreview),
  ]
}

/** The identifier of an error, unless the user's own program chose it. */
export function ownIdentifier({ namespaces }: RuntimeFacts, given: unknown): unknown {
  if (typeof given !== 'string' || given === '') return undefined
  return accepts(identifierIn(namespaces), given) ? given : userIdentifier
}

export function startedEvent(facts: RuntimeFacts) {
  return object({
    ...envelope(facts, runStarted),
    payload: object({
      jit_enabled: optional(flag),
      accelerate_enabled: optional(flag),
      timestamp_ms: optional(milliseconds),
    }),
  })
}

export function finishedEvent(facts: RuntimeFacts) {
  return object({ ...envelope(facts, runFinished), payload: finishedPayload(facts) })
}

function envelope({ runKinds }: RuntimeFacts, label: string) {
  return {
    event_label: constant(label),
    uuid,
    cid: optional(clientId),
    session_id: optional(uuid),
    os: oneOf(runtimeSystems),
    arch: oneOf(runtimeArchitectures),
    release: optional(version),
    run_kind: oneOf(runKinds),
  }
}

/** All optional: if a host gets one field wrong, the others still count. */
function finishedPayload({ failures, backends, namespaces }: RuntimeFacts) {
  const identifier = identifierIn(namespaces)
  return object({
    duration_us: optional(count),
    success: optional(flag),
    jit_enabled: optional(flag),
    jit_used: optional(flag),
    accelerate_enabled: optional(flag),
    timestamp_ms: optional(milliseconds),
    error: optional(identifier),
    'runtime.failure.stage': optional(oneOf(failures.stages)),
    'runtime.failure.code': optional(identifier),
    'runtime.failure.has_span': optional(flag),
    'runtime.failure.host': optional(oneOf(failures.hosts)),
    'runtime.failure.component': optional(component),
    counters: optional(
      object({
        total_executions: optional(count),
        jit_compiled: optional(count),
        interpreter_fallback: optional(count),
      }),
    ),
    provider: optional(
      object({
        device: object({
          name: optional(deviceText),
          vendor: optional(deviceText),
          backend: optional(oneOf(backends)),
        }),
      }),
    ),
    gpu_wall_ns: optional(count),
    gpu_ratio: optional(ratio),
    gpu_dispatches: optional(count),
    gpu_upload_bytes: optional(count),
    gpu_download_bytes: optional(count),
    fusion_cache_hits: optional(count),
    fusion_cache_misses: optional(count),
    fusion_hit_ratio: optional(ratio),
  })
}
