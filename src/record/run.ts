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
  /** The kind of host that a failure is of where the host does not say. */
  readonly usualHost?: string
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
  const duration_us = isFigure(finish.durationUs) ? finish.durationUs : elapsedUs
  return serialisersOf(product)?.finished({
    ...envelope(identity, eventId, start),
    event_label: runFinished,
    payload: {
      duration_us,
      ...factsOf(finish, ['success', 'jit_used']),
      ...enabledness(start),
      timestamp_ms: now,
      ...failureFields(product.runtime, identity, finish.failure),
      counters: factsOf(finish.counters, [
        'total_executions',
        'jit_compiled',
        'interpreter_fallback',
      ]),
      ...providerFields(finish.provider, duration_us),
    },
  })
}

const serialisersOf = oncePerProduct(
  ({ runtime }: RuntimeProduct) =>
    runtime && {
      started: serialiserOf(shapeOf(startedEvent(runtime).fields)),
      finished: serialiserOf(shapeOf(finishedEvent(runtime).fields)),
    },
)

function envelope(identity: RunIdentity, uuid: string, { runKind }: RunStart) {
  return {
    uuid,
    cid: identity.clientId,
    ...factsOf(identity, ['session_id', 'os', 'arch', 'release']),
    run_kind: runKind,
  }
}

function enabledness(start: RunStart) {
  return factsOf(start, ['jit_enabled', 'accelerate_enabled'])
}

function failureFields(
  facts: RuntimeFacts | undefined,
  { usualHost }: RunIdentity,
  failure: RunFinish['failure'],
) {
  const code = facts && ownIdentifier(facts, failure?.code)
  const { host = failure && usualHost } = failure ?? {}
  return {
    error: code,
    'runtime.failure.stage': failure?.stage,
    'runtime.failure.code': code,
    'runtime.failure.has_span': failure?.hasSpan,
    'runtime.failure.host': host,
    'runtime.failure.component': failure?.component,
  }
}

function providerFields(provider: RunFinish['provider'], durationUs: number) {
  const device = factsOf(provider?.device, ['name', 'vendor', 'backend'])
  const figures = factsOf(provider, [
    'gpu_wall_ns',
    'gpu_dispatches',
    'gpu_upload_bytes',
    'gpu_download_bytes',
    'fusion_cache_hits',
    'fusion_cache_misses',
  ])
  const { gpu_wall_ns: wall, fusion_cache_hits: hits, fusion_cache_misses: misses } = figures ?? {}
  return {
    ...figures,
    provider: device && { device: { ...device, backend: lowerCase(device.backend) } },
    gpu_ratio: share(wall, durationUs * 1000),
    fusion_hit_ratio: isFigure(misses) && isFigure(hits) ? share(hits, hits + misses) : undefined,
  }
}

/** Some of what a host gives, by the names of the event; the host may use those or camel case. */
function factsOf<Name extends string>(
  given: object | null | undefined,
  names: readonly Name[],
): Partial<Record<Name, unknown>> | undefined {
  if (!given) return undefined
  const facts = given as Record<string, unknown>
  return Object.fromEntries(
    names.map((name) => [name, facts[camelCase(name)] ?? facts[name]]),
  ) as Record<Name, unknown>
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
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
