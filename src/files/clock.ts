/**
 * Milliseconds on a clock that never jumps. Node loads `performance` when it is first used, which takes
 * longer than recording an event.
 */
export function steadyMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
