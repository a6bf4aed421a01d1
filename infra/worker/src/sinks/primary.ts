import path from 'node:path'

import type { Product } from 'runmat-telemetry/contract'
import type { Sink } from 'runmat-telemetry-common/sink'

import type { Settings } from '../settings.ts'
import { openByProduct } from './by-product.ts'
import { openClickHouse } from './clickhouse/sink.ts'
import { openFile } from './file.ts'
import { openPostHog } from './posthog.ts'

/** Opens the sink that stores events for good. In files, every further product has one of its own. */
export async function openPrimary(
  { sink }: Pick<Settings, 'sink'>,
  products: readonly Product[] = [],
): Promise<Sink> {
  if (sink.kind === 'posthog') return openPostHog(sink)
  if (sink.kind === 'clickhouse') return openClickHouse(sink)
  const others = new Map<string, Sink>()
  const own = await openFile(sink.path)
  for (const { id } of products) others.set(id, await openFile(besides(sink.path, id)))
  return openByProduct(own, others)
}

/** `events.ndjson` becomes `events.roar.ndjson`. */
function besides(file: string, product: string): string {
  const { dir, name, ext } = path.parse(file)
  return path.join(dir, `${name}.${product}${ext}`)
}
