/** How much a page holds, and how hard it tries. */
export const limits = {
  /** Of events that wait; the oldest give way. */
  events: 256,
  inFlight: 4,
  timeoutMs: 10_000,
  /** What may outlive a page is 64 KiB in all, for everybody on it; a little is left to others. */
  outlivingBytes: 60_000,
  closeMs: 5000,
  backoff: { baseMs: 1000, capMs: 300_000 },
} as const
