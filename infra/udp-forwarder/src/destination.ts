import { openHttpPoster } from 'runmat-telemetry-common/http-poster'

import { type BatchDecision, decideBatch } from './batch-decision.ts'
import type { Settings } from './settings.ts'

export interface Delivered {
  readonly decision: BatchDecision
  /** Why events stay, if they do: a network failure or a status. */
  readonly reason: string
}

/** Where batches go: to the worker, or straight into the buffer's stream. */
export interface Destination {
  /** Never rejects. Once it settles, nothing reads the body's memory any more. */
  readonly deliver: (body: Uint8Array, lines: number) => Promise<Delivered>
  /** Aborts every delivery in flight. */
  readonly close: () => void
}

/** Events wait in memory, so nothing may keep us away for longer than this. */
const longestWaitMs = 5 * 60_000

/** Larger than any answer to a batch within the bounds. */
const longestAnswerBytes = 1024 * 1024

export function openWorkerDestination({
  endpoint,
  key,
  concurrency,
  postTimeoutMs,
}: Pick<Settings, 'endpoint' | 'key' | 'concurrency' | 'postTimeoutMs'>): Destination {
  const poster = openHttpPoster({
    url: endpoint,
    headers: {
      'content-type': 'application/x-ndjson',
      'user-agent': 'runmat-telemetry-udp-forwarder',
      ...(key !== undefined && { 'x-telemetry-key': key }),
    },
    connections: concurrency,
    longestRetryAfterMs: longestWaitMs,
    longestAnswerBytes,
  })
  return {
    deliver: async (body, lines) => {
      const result = await poster.post(body, postTimeoutMs)
      return {
        decision: decideBatch(result, lines),
        reason: result.kind === 'answered' ? `status ${result.status}` : result.reason,
      }
    },
    close: poster.close,
  }
}
