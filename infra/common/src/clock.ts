/** Milliseconds since 1970, for measuring time: unlike the machine's clock, it can't be set while we run. */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now()
}
