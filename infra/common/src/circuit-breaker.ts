import { steadyNow } from './clock.ts'
import type { Trouble } from './sink.ts'

/** How a destination has fared. Plain data: the caller supplies the time. */
export interface CircuitState {
  /** Failures in a row. */
  readonly failures: number
  /** Nothing may start before this time. */
  readonly until: number
}

/** How long to wait after a failure: doubles from the first pause up to the longest. */
export interface BackOff {
  readonly firstMs: number
  readonly mostMs: number
}

export const closedCircuit: CircuitState = { failures: 0, until: 0 }

/** With `Math.random`, between half of the pause and all of it, so that clients spread out. */
export function pauseAfter(
  failures: number,
  { firstMs, mostMs }: BackOff,
  random: () => number,
): number {
  return Math.min(firstMs * 2 ** (failures - 1), mostMs) * (0.5 + random() / 2)
}

/**
 * Requests that were in flight together fail together. They count as one failure, so only a request
 * that started after the previous pause lengthens the next one.
 */
export function afterFailure(
  state: CircuitState,
  failure: { readonly startedAt: number; readonly now: number; readonly retryAfterMs?: number },
  backOff: BackOff,
  random: () => number,
): CircuitState {
  const { startedAt, now, retryAfterMs = 0 } = failure
  const isNew = state.failures === 0 || startedAt >= state.until
  const failures = isNew ? state.failures + 1 : state.failures
  const own = isNew ? now + pauseAfter(failures, backOff, random) : state.until
  return { failures, until: Math.max(own, now + retryAfterMs) }
}

/** A request that started before the pause says nothing about the destination now. */
export function afterSuccess(state: CircuitState, startedAt: number): CircuitState {
  return startedAt >= state.until ? closedCircuit : state
}

/** Keeps a sink in trouble from being called until its pause is over. */
export interface CircuitBreaker {
  /** How long the sink must be left alone; 0 when it may be called. */
  readonly waitMs: () => number
  readonly now: () => number
  readonly succeeded: (startedAt: number) => void
  readonly failed: (trouble: Trouble) => void
  /** Undefined while the sink works. */
  readonly trouble: () => Trouble | undefined
  /** When the sink last stored something or answered a probe. */
  readonly provedAt: () => number
}

/** Pauses after a failed sink. */
export const sinkBackOff: BackOff = { firstMs: 1000, mostMs: 10_000 }

export function openCircuitBreaker(now: () => number = steadyNow): CircuitBreaker {
  let state = closedCircuit
  let trouble: Trouble | undefined
  let provedAt = Number.NEGATIVE_INFINITY
  return {
    now,
    waitMs: () => Math.max(0, state.until - now()),
    succeeded: (startedAt) => {
      if (startedAt < state.until) return
      state = afterSuccess(state, startedAt)
      trouble = undefined
      provedAt = now()
    },
    failed: (next) => {
      trouble = next
      const time = now()
      const failure = { startedAt: time, now: time, retryAfterMs: next.retryAfterMs ?? 0 }
      state = afterFailure(state, failure, sinkBackOff, () => 1)
    },
    trouble: () => trouble,
    provedAt: () => provedAt,
  }
}
