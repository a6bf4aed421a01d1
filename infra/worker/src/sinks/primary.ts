import path from 'node:path'

import type { Product } from 'runmat-telemetry/contract'
import type { Sink } from 'runmat-telemetry-common/sink'

import type { Settings } from '../settings.ts'
import { openByProduct } from './by-product.ts'
import { openFile } from './file.ts'
import { storingOnce } from './once.ts'
import { openPostHog } from './posthog.ts'
import { rememberedIn } from './remembered.ts'
import { openSegments, type SegmentOptions } from './segments.ts'

/** Opens the sink that stores events for good. In files, every further product has a place of its own. */
export async function openPrimary(
  { sink }: Pick<Settings, 'sink'>,
  products: readonly Product[],
  options: SegmentOptions,
): Promise<Sink> {
  if (sink.kind === 'posthog') return storingOnce(openPostHog(sink))
  const openOne = async (product?: string): Promise<Sink> => {
    if (sink.kind === 'file') {
      const file = product === undefined ? sink.path : besides(sink.path, product)
      return storingOnce(await openFile(file), await rememberedIn(file))
    }
    const folder = product === undefined ? sink.folder : path.join(sink.folder, product)
    const segments = await openSegments({ ...sink, folder }, options)
    return storingOnce(segments.sink, segments.remembered)
  }
  const own = await openOne()
  const others = new Map<string, Sink>()
  for (const { id } of products) others.set(id, await openOne(id))
  return openByProduct(own, others)
}

/** `events.ndjson` becomes `events.roar.ndjson`. */
function besides(file: string, product: string): string {
  const { dir, name, ext } = path.parse(file)
  return path.join(dir, `${name}.${product}${ext}`)
}
