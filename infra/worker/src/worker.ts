import type { DestinationStream } from 'pino'

import type { Held } from './held.ts'
import type { Intake } from './intake.ts'
import { type Log, openLog } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'
import { openReceiver } from './receiver.ts'
import type { Settings } from './settings.ts'
import { openPrimary } from './sinks/primary.ts'

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

export async function openWorker(
  settings: Settings,
  destination: DestinationStream = process.stdout,
): Promise<Worker> {
  const { role, buffer } = settings
  const log = openLog(destination)
  if (role === 'all' || buffer === undefined) {
    return openReceiver(settings, log, { sink: await openPrimary(settings), ga4: settings.ga4 })
  }
  // Who has no buffer does not load what it takes to speak to one.
  if (role === 'deliver') {
    const { openDeliverer } = await import('./buffer/deliverer.ts')
    return await openDeliverer(settings, buffer, log)
  }
  const { openIngest } = await import('./buffer/ingest.ts')
  return openReceiver(settings, log, openIngest(buffer, log.note))
}
