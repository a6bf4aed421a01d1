import type { Kind } from 'runmat-telemetry/contract'

import type { BufferSettings } from '../../../common/buffer-settings.ts'
import type { Answer } from '../answer.ts'
import { openGate } from '../gate.ts'
import { openGroupCommit } from '../group-commit.ts'
import { openIntake } from '../intake.ts'
import { openMetrics } from '../metrics.ts'
import { openRateLimit } from '../rate-limit.ts'
import { openIngest } from './ingest.ts'

export interface Direct {
  /** Takes NDJSON, and says what a worker with ROLE=ingest would. */
  readonly accept: (lines: Buffer) => Promise<Answer>
  readonly close: () => Promise<void>
}

const kinds: readonly Kind[] = ['usage', 'runtime', 'install']

/**
 * The worker without HTTP, for who has the events already and stands on our side: the forwarder.
 * What gets into the stream has passed the same checks, whichever way it came.
 */
export function openDirect(settings: BufferSettings, note: (message: string) => void): Direct {
  const { sink } = openIngest(settings, note)
  const { commit, idle } = openGroupCommit({ sink, gate: openGate(), done: () => undefined })
  const intake = openIntake({
    checkKey: () => 'open',
    rateLimit: openRateLimit(),
    maxBodyBytes: Number.POSITIVE_INFINITY,
    commit,
    metrics: openMetrics(),
    refused: () => undefined,
  })
  return {
    accept: async (lines) => intake.accept({ kinds, many: true, take: undefined }, lines),
    close: async () => {
      await idle()
      await sink.close()
    },
  }
}
