/** When the collector may be asked again. Lives and dies with the page. */
export interface Backoff {
  readonly waitMs: () => number
  /** Was it the collector that wants to be left alone? Then even the end of a page waits. */
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
      // What fails together fails once.
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

/** Doubles from failure to failure; spread, so that not all pages come back at once. */
function backoffMs(failures: number): number {
  return Math.min(baseMs * 2 ** (failures - 1), capMs) * (0.5 + Math.random() / 2)
}
