import type { Held } from './held.ts'
import type { Intake } from './intake.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'
import type { Settings } from './settings.ts'

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
  readonly figures: () => Promise<string>
  /** Waits for what is under way; nothing may come in any more. */
  readonly close: () => Promise<void>
}
