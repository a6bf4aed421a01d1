import path from 'node:path'

import type { Product } from 'runmat-telemetry/contract'
import type { Sink } from 'runmat-telemetry-common/sink'

import type { Settings } from '../settings.ts'
import type { ClickHouseSettings, FileSettings, SegmentSettings } from '../sink-settings.ts'
import { openByProduct } from './by-product.ts'
import { openClickHouse } from './clickhouse/sink.ts'
import { openFile } from './file.ts'
import { storingOnce } from './once.ts'
import { openPostHog } from './posthog.ts'
import { rememberedIn } from './remembered.ts'
import { openSegments, type SegmentOptions } from './segments.ts'

/** Opens the sink that stores events for good. PostHog apart, each further product has its own place. */
export async function openPrimary(
  { sink }: Pick<Settings, 'sink'>,
  products: readonly Product[],
  options: SegmentOptions,
): Promise<Sink> {
  if (sink.kind === 'posthog') return storingOnce(openPostHog(sink))
  if (sink.kind === 'clickhouse') return openTables(sink, products)
  const own = await openOnDisk(sink, options)
  const others = new Map<string, Sink>()
  for (const { id } of products) others.set(id, await openOnDisk(besides(sink, id), options))
  return openByProduct(own, others)
}

/** ClickHouse with a table for each product. */
export function openTables(settings: ClickHouseSettings, products: readonly Product[]): Sink {
  const others = new Map(products.map(({ id }) => [id, openClickHouse(settings, { product: id })]))
  return storingOnce(openByProduct(openClickHouse(settings), others))
}

type OnDisk = FileSettings | SegmentSettings

async function openOnDisk(sink: OnDisk, options: SegmentOptions): Promise<Sink> {
  if (sink.kind === 'file') {
    return storingOnce(await openFile(sink.path), await rememberedIn(sink.path))
  }
  const segments = await openSegments(sink, options)
  return storingOnce(segments.sink, segments.remembered)
}

/** `events.ndjson` becomes `events.roar.ndjson`; segments get a folder inside. */
function besides(sink: OnDisk, product: string): OnDisk {
  if (sink.kind === 'segments') return { ...sink, folder: path.join(sink.folder, product) }
  const { dir, name, ext } = path.parse(sink.path)
  return { ...sink, path: path.join(dir, `${name}.${product}${ext}`) }
}
