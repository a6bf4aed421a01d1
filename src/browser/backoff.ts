/** When the collector may be asked again. Kept only as long as the page lives. */
export interface Backoff {
  readonly waitMs: () => number
  /** Did the collector ask for the pause? Then a closing page obeys it, too. */
  readonly isAsked: () => boolean
  readonly failed: (askedMs?: number) => void
  readonly delivered: () => void
}

export function openBackoff(): Backoff {
  let failures = 0
  let notBefore = 0
  let askedUntil = 0
  return {
    waitMs: () => notBefore - performance.now(),
    isAsked: () => performance.now() < askedUntil,
    failed: (askedMs = 0) => {
      const now = performance.now()
      // Requests that fail together count as one failure.
      if (now >= notBefore) notBefore = now + backoffMs((failures += 1))
      askedUntil = Math.max(askedUntil, now + askedMs)
      notBefore = Math.max(notBefore, askedUntil)
    },
    delivered: () => {
      failures = 0
    },
  }
}

const baseMs = 1000
const capMs = 300_000

/** Doubles with each failure, with jitter so that pages do not come back all at once. */
function backoffMs(failures: number): number {
  return Math.min(baseMs * 2 ** (failures - 1), capMs) * (0.5 + Math.random() / 2)
}
