const second = 1000

/** How long the buffer waits for what. */
export const limits = {
  /** For a confirmation; together with the rest of a request, less than a client waits. */
  ackMs: 5 * second,
  /** Between two attempts to connect or to prepare the stream. */
  retryMs: second,
  /** How often we check that the stream still has a consumer. */
  interestMs: 5 * second,
  /** How often leftover messages are swept. */
  sweepMs: 30 * second,
  /** How often the log reports a backlog. */
  reportMs: 60 * second,
} as const
