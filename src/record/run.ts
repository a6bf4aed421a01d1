import { shapeOf } from '../contract/check.ts'
import { oncePerProduct, serialiserOf } from '../contract/contract.ts'
import type { Platform } from '../contract/platform.ts'
import {
  finishedEvent,
  ownIdentifier,
  runFinished,
  runStarted,
  startedEvent,
} from '../contract/runtime.ts'
import type { Product, RuntimeFacts } from '../product/product.ts'

/** The part of a product that a run needs. A browser has only this. */
type RuntimeProduct = Pick<Product, 'runtime'>

/** What a host knows when a run starts. */
export interface RunStart {
  readonly runKind: string
  readonly jitEnabled: boolean
  readonly accelerateEnabled: boolean
}

/** What a host knows when the run is over. What does not fit the contract is left out. */
export interface RunFinish {
  readonly success: boolean
  readonly jitUsed?: boolean
  /** By default measured from the start. */
  readonly durationUs?: number
  /** In the names of this library, or in those of the event. */
  readonly counters?: {
    readonly totalExecutions?: number
    readonly jitCompiled?: number
    readonly interpreterFallback?: number
    readonly total_executions?: number
    readonly jit_compiled?: number
    readonly interpreter_fallback?: number
  }
  readonly provider?: {
    readonly device?: {
      readonly name?: string
      readonly vendor?: string
      readonly backend?: string
    }
    readonly gpuWallNs?: number
    readonly gpuDispatches?: number
    readonly gpuUploadBytes?: number
    readonly gpuDownloadBytes?: number
    readonly fusionCacheHits?: number
    readonly fusionCacheMisses?: number
  }
  readonly failure?: {
    readonly stage?: string
    readonly code?: string
    readonly hasSpan?: boolean
    readonly host?: string
    readonly component?: string
  }
}

/** What both events of a run have in common. */
export interface RunIdentity extends Platform {
  readonly clientId: string | undefined
  readonly sessionId: string
  readonly release: string
}

export interface RunMoment {
  readonly eventId: string
  readonly now: number
}

export function buildStarted(
  product: RuntimeProduct,
  identity: RunIdentity,
  { eventId, now }: RunMoment,
  start: RunStart,
): string | undefined {
  return serialisersOf(product)?.started({
    ...envelope(identity, eventId, start),
    event_label: runStarted,
    payload: { ...enabledness(start), timestamp_ms: now },
  })
}

export function buildFinished(
  product: RuntimeProduct,
  identity: RunIdentity,
  { eventId, now, elapsedUs }: RunMoment & { readonly elapsedUs: number },
  start: RunStart,
  finish: RunFinish,
): string | undefined {
  const { success, jitUsed, counters, failure } = finish
  const duration_us = isFigure(finish.durationUs) ? finish.durationUs : elapsedUs
  return serialisersOf(product)?.finished({
    ...envelope(identity, eventId, start),
    event_label: runFinished,
    payload: {
      duration_us,
      success,
      ...enabledness(start),
      jit_used: jitUsed,
      timestamp_ms: now,
      ...failureFields(product.runtime, failure),
      counters: counters && {
        total_executions: counters.totalExecutions ?? counters.total_executions,
        jit_compiled: counters.jitCompiled ?? counters.jit_compiled,
        interpreter_fallback: counters.interpreterFallback ?? counters.interpreter_fallback,
      },
      ...providerFields(finish.provider, duration_us),
    },
  })
}

const serialisersOf = oncePerProduct(
  ({ runtime }: RuntimeProduct) =>
    runtime && {
      started: serialiserOf(shapeOf(startedEvent(runtime))),
      finished: serialiserOf(shapeOf(finishedEvent(runtime))),
    },
)

function envelope(identity: RunIdentity, uuid: string, { runKind }: RunStart) {
  return {
    uuid,
    cid: identity.clientId,
    session_id: identity.sessionId,
    os: identity.os,
    arch: identity.arch,
    release: identity.release,
    run_kind: runKind,
  }
}

function enabledness({ jitEnabled, accelerateEnabled }: RunStart) {
  return { jit_enabled: jitEnabled, accelerate_enabled: accelerateEnabled }
}

function failureFields(facts: RuntimeFacts | undefined, failure: RunFinish['failure']) {
  const code = facts && ownIdentifier(facts, failure?.code)
  return {
    error: code,
    'runtime.failure.stage': failure?.stage,
    'runtime.failure.code': code,
    'runtime.failure.has_span': failure?.hasSpan,
    'runtime.failure.host': failure?.host,
    'runtime.failure.component': failure?.component,
  }
}

function providerFields(provider: RunFinish['provider'], durationUs: number) {
  if (provider === undefined) return {}
  const { device, gpuWallNs: wall, fusionCacheHits: hits, fusionCacheMisses: misses } = provider
  return {
    provider: device && {
      device: { name: device.name, vendor: device.vendor, backend: lowerCase(device.backend) },
    },
    gpu_wall_ns: wall,
    gpu_ratio: share(wall, durationUs * 1000),
    gpu_dispatches: provider.gpuDispatches,
    gpu_upload_bytes: provider.gpuUploadBytes,
    gpu_download_bytes: provider.gpuDownloadBytes,
    fusion_cache_hits: hits,
    fusion_cache_misses: misses,
    fusion_hit_ratio: isFigure(misses) && isFigure(hits) ? share(hits, hits + misses) : undefined,
  }
}

function lowerCase(text: unknown): unknown {
  return typeof text === 'string' ? text.toLowerCase() : text
}

/** Limits a share to 0 to 1. The clocks of different devices may disagree slightly. */
function share(part: unknown, whole: number): number | undefined {
  if (!isFigure(part) || whole <= 0) return undefined
  return Math.min(part / whole, 1)
}

function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
