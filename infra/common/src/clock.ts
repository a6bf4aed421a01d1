const startedAt = performance.timeOrigin

/** Milliseconds since 1970, for measuring time: unlike the machine's clock, it can't be set while we run. */
export function steadyNow(): number {
  return startedAt + performance.now()
}
