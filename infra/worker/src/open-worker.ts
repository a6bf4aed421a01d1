import type { DestinationStream } from 'pino'

import { openLog } from './log.ts'
import { openReceiver } from './receiver.ts'
import type { Settings } from './settings.ts'
import { openPrimary } from './sinks/primary.ts'
import type { Worker } from './worker.ts'

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
