import type { Gate } from './gate.ts'
import type { Sink } from './sinks/sink.ts'

const freshMs = 10_000

/** Undefined when the sink would store something now; else why not. */
export type Readiness = () => Promise<string | undefined>

/**
 * Asks the sink itself when it has proved nothing lately, so that an instance without traffic turns
 * red, and one that was taken out of the traffic for its sink turns green again.
 */
export function readinessOf(sink: Sink, gate: Gate, now: () => number = Date.now): Readiness {
  let asking: Promise<void> | undefined
  const ask = async (): Promise<void> => {
    const startedAt = gate.now()
    const trouble = await sink.probe()
    if (trouble === undefined) gate.succeeded(startedAt)
    else gate.failed(trouble)
  }
  return async () => {
    const proved = gate.trouble() === undefined && now() - gate.provedAt() < freshMs
    if (!proved && gate.waitMs() === 0) {
      asking ??= ask().finally(() => {
        asking = undefined
      })
      await asking
    }
    return gate.trouble()?.cause
  }
}
