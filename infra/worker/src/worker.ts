import type { DestinationStream } from 'pino'

import { openGate } from './gate.ts'
import { openGroupCommit } from './group-commit.ts'
import { type Held, openHeld } from './held.ts'
import { type Intake, openIntake } from './intake.ts'
import { keyCheck } from './key.ts'
import { type Log, openLog } from './log.ts'
import { type Metrics, observe, openMetrics, render } from './metrics.ts'
import { openRateLimit } from './rate-limit.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import type { Settings } from './settings.ts'
import { openFile } from './sinks/file.ts'
import { openGa4 } from './sinks/ga4.ts'
import { openPostHog } from './sinks/posthog.ts'
import type { Result, Sink } from './sinks/sink.ts'

/** Everything but the way in: that may be our own server, or a route of somebody else's. */
export interface Worker {
  readonly settings: Settings
  readonly intake: Intake
  readonly held: Held
  readonly metrics: Metrics
  readonly log: Log
  readonly sink: string
  readonly readiness: Readiness
  /** In the text format of Prometheus. */
  readonly figures: () => string
  /** Waits for what is under way; nothing may come in any more. */
  readonly close: () => Promise<void>
}

export async function openWorker(
  settings: Settings,
  destination: DestinationStream = process.stdout,
): Promise<Worker> {
  const sink = await openSink(settings)
  const gate = openGate()
  const metrics = openMetrics()
  const log = openLog(destination)
  const held = openHeld()
  const ga4 = settings.ga4 && openGa4({ settings: settings.ga4, metrics })
  const { commit, waiting, idle } = openGroupCommit({
    sink,
    gate,
    done: (events, result, ms) => {
      const { outcomes } = result
      const stored = events.filter((_, index) => outcomes[index] === 'stored')
      for (const { family } of stored) metrics.accepted[family] += 1
      metrics.sinkResults[resultOf(result)] += 1
      observe(metrics.sinkSeconds, ms / 1000)
      log.batch(events, result, ms)
      ga4?.forward(stored)
    },
  })
  return {
    settings,
    intake: openIntake({
      checkKey: keyCheck(settings.keys),
      rateLimit: openRateLimit(),
      maxBodyBytes: settings.maxBodyBytes,
      commit,
      metrics,
      refused: log.refused,
    }),
    held,
    metrics,
    log,
    sink: sink.name,
    readiness: readinessOf(sink, gate),
    figures: () =>
      render(metrics, {
        sink: sink.name,
        sinkUp: gate.trouble() === undefined,
        waiting: waiting(),
        heldBytes: held.bytes(),
      }),
    close: async () => {
      await idle()
      await Promise.all([sink.close(), ga4?.close()])
      log.close()
    },
  }
}

function openSink({ sink }: Settings): Sink | Promise<Sink> {
  return sink.kind === 'posthog' ? openPostHog(sink) : openFile(sink.path)
}

function resultOf({ outcomes, trouble }: Result): 'stored' | 'refused' | 'failed' {
  if (trouble !== undefined) return 'failed'
  return outcomes.includes('refused') ? 'refused' : 'stored'
}
