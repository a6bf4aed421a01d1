import { openGate } from './gate.ts'
import { openGroupCommit } from './group-commit.ts'
import { openHeld } from './held.ts'
import { openIntake } from './intake.ts'
import { keyCheck } from './key.ts'
import type { Log } from './log.ts'
import { observe, openMetrics, render } from './metrics.ts'
import { openRateLimit } from './rate-limit.ts'
import { readinessOf } from './readiness.ts'
import type { Ga4Settings, Settings } from './settings.ts'
import { openGa4 } from './sinks/ga4.ts'
import { resultOf, type Sink } from './sinks/sink.ts'
import type { Worker } from './worker.ts'

export interface Behind {
  readonly sink: Sink
  /** Told of what is stored. */
  readonly ga4?: Ga4Settings | undefined
  /** What the sink has to say for itself, in the text format of Prometheus. */
  readonly figures?: () => Promise<string>
}

/** A worker that receives: an event is answered for when the sink behind it has it. */
export function openReceiver(settings: Settings, log: Log, { sink, ...behind }: Behind): Worker {
  const gate = openGate()
  const metrics = openMetrics()
  const held = openHeld()
  const ga4 = behind.ga4 && openGa4({ settings: behind.ga4, metrics })
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
    figures: async () => {
      const own = render(metrics, {
        sink: sink.name,
        sinkUp: gate.trouble() === undefined,
        waiting: waiting(),
        heldBytes: held.bytes(),
      })
      return own + ((await behind.figures?.()) ?? '')
    },
    close: async () => {
      await idle()
      await Promise.all([sink.close(), ga4?.close()])
      log.close()
    },
  }
}
