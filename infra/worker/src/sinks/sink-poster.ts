import {
  type FailureReason,
  type HttpPoster,
  openHttpPoster,
} from 'runmat-telemetry-common/http-poster'

import { limits } from '../limits.ts'

/** Posts JSON to a sink. */
export function openSinkPoster(
  address: string,
  connections: number,
  headers: Readonly<Record<string, string>> = {},
): HttpPoster {
  return openHttpPoster({
    url: new URL(address),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'runmat-telemetry-worker',
      ...headers,
    },
    connections,
    longestRetryAfterMs: limits.retryAfterMs,
    longestAnswerBytes: limits.sinkAnswerBytes,
  })
}

/** A failed post, in words for logs and `/readyz`. */
export function causeOf(reason: FailureReason): string {
  switch (reason) {
    case 'refused':
      return 'connection refused'
    case 'timeout':
      return 'no answer in time'
    case 'reset':
      return 'connection lost'
    case 'unreachable':
      return 'no way leads there'
    case 'tls':
      return 'its certificate is not accepted'
  }
}
