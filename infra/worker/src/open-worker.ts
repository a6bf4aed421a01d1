import type { BufferSettings } from 'runmat-telemetry-buffer/settings'

import { type LogDestination, openLog } from './log.ts'
import { openReceiver } from './receiver.ts'
import { loadProducts } from './products.ts'
import type { Settings } from './settings.ts'
import { storingOnce } from './sinks/once.ts'
import { postHogErasureOf } from './sinks/posthog-erasure.ts'
import { openPrimary } from './sinks/primary.ts'
import type { Clock } from './sinks/retention.ts'
import { sparing } from './sinks/sparing.ts'
import { streamTombstones } from './sinks/stream-tombstones.ts'
import { tombstonesOf } from './sinks/tombstones.ts'
import type { Worker } from './worker.ts'

export async function openWorker(
  settings: Settings,
  destination: LogDestination = process.stdout,
  clock?: Clock,
): Promise<Worker> {
  const { role, buffer, ga4 } = settings
  const products = await loadProducts(settings.products)
  const log = openLog(destination)
  // A worker without a buffer never loads the NATS client.
  if (role === 'deliver' && buffer !== undefined) {
    const { openDeliverer } = await import('./deliverer.ts')
    return await openDeliverer(settings, buffer, products, log)
  }
  const primary = async () => ({
    erased: undefined,
    sink: await openPrimary(settings, products, { note: log.note, clock }),
    ga4,
  })
  const ingest = async (stream: BufferSettings) => {
    const { openIngest } = await import('runmat-telemetry-buffer/ingest')
    const { sink, figures, erased } = openIngest(stream, log.note)
    return { sink: storingOnce(sink), figures, erased }
  }
  const { sink, erased, ...storage } = await (buffer === undefined ? primary() : ingest(buffer))
  const onDisk = await tombstonesOf(settings, clock?.now)
  // What is not dropped here is dropped by the workers that deliver.
  const tombstones = erased ? streamTombstones(erased, onDisk, { staleMs: 1000 }) : onDisk
  return openReceiver(settings, log, {
    ...storage,
    products,
    sink: tombstones === undefined ? sink : sparing(sink, tombstones),
    tombstones,
    postHogErasure: postHogErasureOf(settings, tombstones, log.note),
  })
}
