import type { MemoryBudgets } from './http/memory-budget.ts'
import type { Routes } from './http/routes.ts'
import type { DebugTags } from './intake/debug-tags.ts'
import type { Intake } from './intake/intake.ts'
import type { KeyCheck } from './intake/key.ts'
import type { WorkerLog } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Settings } from './settings.ts'
import type { Readiness } from './sinks/readiness.ts'

/** A worker without its HTTP side, which may be our own server or a route of someone's site. */
export interface Worker {
  readonly settings: Settings
  readonly routes: Routes
  readonly intake: Intake
  /** Undefined unless the operator allows debug tags. */
  readonly debug: { readonly tags: DebugTags; readonly checkKey: KeyCheck } | undefined
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
