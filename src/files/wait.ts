/** Sleeps without an event loop, for the few milliseconds in which another process is at work. */
export function waitSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
