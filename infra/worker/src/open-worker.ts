import { type LogDestination, openLog } from './log.ts'
import { openReceiver } from './receiver.ts'
import type { Settings } from './settings.ts'
import { storingOnce } from './sinks/once.ts'
import { openPrimary } from './sinks/primary.ts'
import type { Clock } from './sinks/retention.ts'
import type { Worker } from './worker.ts'

export async function openWorker(
  settings: Settings,
  destination: LogDestination = process.stdout,
  clock?: Clock,
): Promise<Worker> {
  const { role, buffer } = settings
  const log = openLog(destination)
  if (role === 'all' || buffer === undefined) {
    const sink = await openPrimary(settings, { note: log.note, clock })
    return openReceiver(settings, log, { sink, ga4: settings.ga4 })
  }
  // A worker without a buffer never loads the NATS client.
  if (role === 'deliver') {
    const { openDeliverer } = await import('./deliverer.ts')
    return await openDeliverer(settings, buffer, log)
  }
  const { openIngest } = await import('runmat-telemetry-buffer/ingest')
  const { sink, figures } = openIngest(buffer, log.note)
  return openReceiver(settings, log, { sink: storingOnce(sink), figures })
}
