import path from 'node:path'

import type { Product } from '../product/product.ts'
import { triggersOf } from '../contract/usage.ts'
import { readSmallFile } from '../files/read.ts'
import type { Paths } from '../settings/paths.ts'
import { readLedger } from '../store/ledger.ts'
import { firstNameOf, parseName } from '../store/queue-name.ts'
import type { History } from '../store/stats-file.ts'
import type { Stats } from '../store/stats.ts'

/**
 * Events are queued before the statistics are written, so that a host which dies in between loses
 * nothing. The next one finds events in the queue that the statistics know nothing of, and learns
 * from them: their sequence is used, and their milestone has fired.
 */
export function recovered(
  product: Product,
  paths: Paths,
  stats: Stats,
  history: History,
  names: readonly string[],
): Stats {
  // Of a thousand names most can be told by how they begin, without taking them apart.
  const known = firstNameOf(stats.sequence)
  const unknown = names.filter(
    (name) => name > known && (parseName(name)?.sequence ?? 0) > stats.sequence,
  )
  const sequences = unknown.map((name) => parseName(name)?.sequence ?? 0)
  const sent =
    history === 'known' ? [] : readLedger(paths.ledger).map(({ event }) => numberOf(event))
  if (sequences.length === 0 && sent.length === 0) return stats
  const marks = unknown.flatMap((name) => markIn(product, path.join(paths.queue, name)))
  return {
    ...stats,
    sequence: Math.max(stats.sequence, ...sequences, ...sent),
    fired: [...stats.fired, ...marks],
  }
}

function markIn(product: Product, file: string): readonly string[] {
  const reading = readSmallFile(file, 64 * 1024)
  if (reading.kind !== 'read') return []
  try {
    const event = JSON.parse(reading.bytes.toString('utf8')) as Record<string, unknown> | null
    const trigger = triggersOf(product).find((name) => name === event?.['trigger'])
    return trigger === undefined ? [] : [trigger, `${trigger}@${String(event?.['version'])}`]
  } catch {
    return []
  }
}

function numberOf(event: unknown): number {
  const { sequence } = (event ?? {}) as { sequence?: unknown }
  return Number.isSafeInteger(sequence) ? Number(sequence) : 0
}
