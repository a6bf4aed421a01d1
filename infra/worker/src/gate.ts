import { limits } from './limits.ts'
import type { Trouble } from './sinks/sink.ts'

/** Remembers how the sink fares, so that one in trouble is left alone for a while. */
export interface Gate {
  /** How long nothing goes to the sink; 0 when it may. */
  readonly waitMs: () => number
  readonly now: () => number
  /** A batch that began before the last failure does not speak for the sink as it is now. */
  readonly succeeded: (startedAt: number) => void
  readonly failed: (trouble: Trouble) => void
  /** Undefined while the sink does what it should. */
  readonly trouble: () => Trouble | undefined
  /** When it last stored something, or said that it would. */
  readonly provedAt: () => number
}

export function openGate(now: () => number = Date.now): Gate {
  const { least, most } = limits.pauseMs
  let trouble: Trouble | undefined
  let streak = 0
  let until = 0
  let failedAt = Number.NEGATIVE_INFINITY
  let provedAt = Number.NEGATIVE_INFINITY
  return {
    now,
    waitMs: () => Math.max(0, until - now()),
    succeeded: (startedAt) => {
      if (startedAt < failedAt) return
      trouble = undefined
      streak = 0
      until = 0
      provedAt = now()
    },
    failed: (next) => {
      trouble = next
      const time = now()
      failedAt = time
      // Batches that were under way together fail together, and count once.
      if (time >= until) streak += 1
      // Who asks for less than we mean to wait, or for nothing, does not get hammered for it.
      const pause = Math.max(next.retryAfterMs ?? 0, Math.min(least * 2 ** (streak - 1), most))
      until = Math.max(until, time + Math.min(pause, limits.retryAfterMs))
    },
    trouble: () => trouble,
    provedAt: () => provedAt,
  }
}
