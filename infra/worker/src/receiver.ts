import { type Product, runmat } from 'runmat-telemetry/contract'
import { openCircuitBreaker } from 'runmat-telemetry-common/circuit-breaker'
import { observe } from 'runmat-telemetry-common/prometheus'
import { resultOf, type Sink } from 'runmat-telemetry-common/sink'

import { openMemoryBudgets } from './http/memory-budget.ts'
import { routesFor } from './http/routes.ts'
import { openDebugTags } from './intake/debug-tags.ts'
import { openErase } from './intake/erase.ts'
import { openGroupCommit } from './intake/group-commit.ts'
import { openIntake } from './intake/intake.ts'
import { keyCheck } from './intake/key.ts'
import { openRateLimit } from './intake/rate-limit.ts'
import type { WorkerLog } from './log.ts'
import { openMetrics, render } from './metrics.ts'
import type { Settings } from './settings.ts'
import type { Ga4Settings } from './sink-settings.ts'
import { openGa4 } from './sinks/ga4.ts'
import type { PostHogErasure } from './sinks/posthog-erasure.ts'
import { readinessOf } from './sinks/readiness.ts'
import { openErasures } from './sinks/erasures.ts'
import type { Tombstones } from './sinks/tombstones.ts'
import type { Worker } from './worker.ts'

export interface Storage {
  /** Products besides RunMat. */
  readonly products: readonly Product[]
  readonly sink: Sink
  readonly tombstones: Tombstones | undefined
  readonly postHogErasure: PostHogErasure | undefined
  /** Also told about every stored event. */
  readonly ga4?: Ga4Settings | undefined
  /** The sink's own metrics, in the Prometheus text format. */
  readonly figures?: () => Promise<string>
}

const hourMs = 60 * 60 * 1000

/** A worker that receives: it answers for an event once its sink has stored it. */
export function openReceiver(
  settings: Settings,
  log: WorkerLog,
  { sink, tombstones, ...storage }: Storage,
): Worker {
  const circuitBreaker = openCircuitBreaker()
  const metrics = openMetrics(settings.keys.length, [runmat, ...storage.products])
  const memoryBudgets = openMemoryBudgets()
  const reportDropped = (): void => {
    const lost = metrics.droppedFields.sinceLast()
    if (Object.keys(lost).length > 0) log.dropped(lost)
  }
  const hourly = setInterval(reportDropped, hourMs).unref()
  const ga4 = storage.ga4 && openGa4({ settings: storage.ga4, metrics })
  const { commit, waiting, idle } = openGroupCommit({
    sink,
    circuitBreaker,
    done: (events, result, ms) => {
      const { outcomes } = result
      const stored = events.filter((_, index) => outcomes[index] === 'stored')
      for (const { family } of stored) metrics.accepted[family] += 1
      metrics.repeated += outcomes.filter((outcome) => outcome === 'repeated').length
      metrics.erased += outcomes.filter((outcome) => outcome === 'erased').length
      metrics.sinkResults[resultOf(result)] += 1
      observe(metrics.sinkSeconds, ms / 1000)
      log.batch(events, result, ms)
      // The property is RunMat's.
      ga4?.forward(stored.filter(({ product }) => product === runmat.id))
    },
  })
  const erasures = tombstones && openErasures([sink], tombstones, log.note)
  const tags = settings.debugTags ? openDebugTags([runmat, ...storage.products]) : undefined
  return {
    settings,
    routes: routesFor(storage.products),
    debug: tags && { tags, checkKey: keyCheck(settings.keys) },
    intake: openIntake({
      checkKey: keyCheck(settings.keys, (position) => {
        metrics.requestsByKey[position] = (metrics.requestsByKey[position] ?? 0) + 1
      }),
      rateLimit: openRateLimit(),
      maxBodyBytes: settings.maxBodyBytes,
      commit,
      erase: openErase(tombstones),
      metrics,
      debugTags: tags,
      refused: log.refused,
    }),
    memoryBudgets,
    metrics,
    log,
    sink: sink.name,
    readiness: readinessOf(sink, circuitBreaker),
    figures: async () => {
      const own = render(metrics, {
        sink: sink.name,
        sinkUp: circuitBreaker.trouble() === undefined,
        waiting: waiting(),
        heldBytes: memoryBudgets.whole.bytes(),
      })
      return own + ((await storage.figures?.()) ?? '')
    },
    close: async () => {
      clearInterval(hourly)
      reportDropped()
      tags?.close()
      await idle()
      await erasures?.close()
      await Promise.all([sink.close(), ga4?.close(), tombstones?.close()])
      await storage.postHogErasure?.close()
      log.close()
    },
  }
}
