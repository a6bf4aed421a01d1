import type { CircuitBreaker } from 'runmat-telemetry-common/circuit-breaker'
import { steadyNow } from 'runmat-telemetry-common/clock'
import type { Sink } from 'runmat-telemetry-common/sink'

const freshMs = 10_000

/** Undefined if the sink would store an event now; otherwise the reason why not. */
export type Readiness = () => Promise<string | undefined>

/**
 * Probes the sink if it hasn't stored anything lately. So an instance without traffic turns red when its
 * sink fails, and one taken out of traffic turns green again when its sink recovers.
 */
export function readinessOf(
  sink: Sink,
  circuitBreaker: CircuitBreaker,
  now: () => number = steadyNow,
): Readiness {
  let asking: Promise<void> | undefined
  const ask = async (): Promise<void> => {
    const startedAt = circuitBreaker.now()
    const trouble = await sink.probe()
    if (trouble === undefined) circuitBreaker.succeeded(startedAt)
    else circuitBreaker.failed(trouble)
  }
  return async () => {
    const proved =
      circuitBreaker.trouble() === undefined && now() - circuitBreaker.provedAt() < freshMs
    if (!proved && circuitBreaker.waitMs() === 0) {
      asking ??= ask().finally(() => {
        asking = undefined
      })
      await asking
    }
    return circuitBreaker.trouble()?.cause
  }
}
