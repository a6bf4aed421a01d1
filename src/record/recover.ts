import path from 'node:path'

import type { Product } from '../product/product.ts'
import { triggersOf } from '../contract/usage.ts'
import { readSmallFile } from '../files/read.ts'
import type { Paths } from '../settings/paths.ts'
import { readLedger } from '../store/ledger.ts'
import { parseName } from '../store/queue.ts'
import { queuedNames } from '../store/queue.ts'
import type { History } from '../store/stats-file.ts'
import type { Stats } from '../store/stats.ts'

/**
 * Events are queued before the statistics are written, so that a host which dies in between loses
 * nothing. The next one finds events in the queue that the statistics know nothing of, and learns
 * from them: their sequence is used, and their milestone has fired.
 */
export function recovered(
  product: Product,
  { queue, ledger }: Pick<Paths, 'queue' | 'ledger'>,
  stats: Stats,
  history: History,
): Stats {
  const unknown = queuedNames(queue).flatMap((name) => {
    const sequence = parseName(name)?.sequence ?? 0
    return sequence > stats.sequence ? [{ name, sequence }] : []
  })
  const sequences = unknown.map(({ sequence }) => sequence)
  const sent = history === 'doubtful' ? [] : readLedger(ledger).map(({ event }) => numberOf(event))
  const marks = unknown.flatMap(({ name }) => markIn(product, path.join(queue, name)))
  return {
    ...stats,
    sequence: Math.max(stats.sequence, ...sequences, ...sent),
    fired: [...stats.fired, ...marks],
    waiting: null,
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
