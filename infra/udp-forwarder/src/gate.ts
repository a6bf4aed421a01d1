/** Whether posts may go out. Pure: whoever asks says what time it is. */
export interface Gate {
  /** Failures in a row; as long as there are any, one post at a time finds out. */
  readonly failures: number
  /** No post begins before. */
  readonly until: number
}

export const openGate: Gate = { failures: 0, until: 0 }

export const backoff = { firstMs: 250, mostMs: 5000 } as const

export function postsAllowed({ failures, until }: Gate, now: number, concurrency: number): number {
  if (now < until) return 0
  return failures > 0 ? 1 : concurrency
}

/**
 * Posts that were under way together fail together: that is one failure, so only a post that began
 * after the last one makes the wait longer.
 */
export function afterFailure(
  gate: Gate,
  failure: { readonly startedAt: number; readonly now: number; readonly retryAfterMs?: number },
  random: () => number,
): Gate {
  const { startedAt, now, retryAfterMs = 0 } = failure
  const isNews = gate.failures === 0 || startedAt >= gate.until
  const failures = isNews ? gate.failures + 1 : gate.failures
  const ceiling = Math.min(backoff.firstMs * 2 ** (failures - 1), backoff.mostMs)
  // Between half and all of it, lest all forwarders come back at once.
  const own = isNews ? now + ceiling * (0.5 + random() / 2) : gate.until
  return { failures, until: Math.max(own, now + retryAfterMs) }
}

/** A post that was under way when the worker asked for time does not speak for it now. */
export function afterSuccess(gate: Gate, startedAt: number): Gate {
  return startedAt >= gate.until ? openGate : gate
}
