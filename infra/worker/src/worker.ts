import type { MemoryBudgets } from './http/memory-budget.ts'
import type { Intake } from './intake/intake.ts'
import type { WorkerLog } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Settings } from './settings.ts'
import type { Readiness } from './sinks/readiness.ts'

/** A worker without its HTTP side, which may be our own server or a route of someone's site. */
export interface Worker {
  readonly settings: Settings
  readonly intake: Intake
  readonly memoryBudgets: MemoryBudgets
  readonly metrics: Metrics
  readonly log: WorkerLog
  readonly sink: string
  readonly readiness: Readiness
  /** All metrics, in the Prometheus text format. */
  readonly figures: () => Promise<string>
  /** Waits for what is in flight. No request may come in any more. */
  readonly close: () => Promise<void>
}
