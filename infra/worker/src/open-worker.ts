import { type LogDestination, openLog } from './log.ts'
import { openReceiver } from './receiver.ts'
import { loadProducts } from './products.ts'
import type { Settings } from './settings.ts'
import { openPrimary } from './sinks/primary.ts'
import type { Worker } from './worker.ts'

export async function openWorker(
  settings: Settings,
  destination: LogDestination = process.stdout,
): Promise<Worker> {
  const { role, buffer } = settings
  const products = await loadProducts(settings.products)
  const log = openLog(destination)
  if (role === 'all' || buffer === undefined) {
    const sink = await openPrimary(settings, products)
    return openReceiver(settings, log, { products, sink, ga4: settings.ga4 })
  }
  // A worker without a buffer never loads the NATS client.
  if (role === 'deliver') {
    const { openDeliverer } = await import('./deliverer.ts')
    return await openDeliverer(settings, buffer, log)
  }
  const { openIngest } = await import('runmat-telemetry-buffer/ingest')
  return openReceiver(settings, log, { products, ...openIngest(buffer, log.note) })
}
