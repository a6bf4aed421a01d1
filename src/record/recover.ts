import path from 'node:path'

import type { Product } from '../product/product.ts'
import { triggersOf } from '../contract/usage.ts'
import { readSmallFile } from '../files/read.ts'
import type { Context } from '../settings/context.ts'
import type { Paths } from '../settings/paths.ts'
import { readLedger } from '../store/ledger.ts'
import { parseName, queuedNames } from '../store/queue.ts'
import type { History } from '../store/stats-file.ts'
import type { Stats } from '../store/stats.ts'
import { presumedFired } from './milestones.ts'

/** The statistics to continue from. If they may be incomplete, the queue and the ledger fill the gaps. */
export function continued(
  { product, paths }: Context,
  stats: Stats,
  history: History,
  release?: string,
): Stats {
  if (history === 'known') return stats
  const known = history === 'lost' ? { ...stats, fired: presumedFired(product, release) } : stats
  return recovered(product, paths, known, history)
}

/**
 * A host queues events before it writes the statistics, so it loses nothing if it dies in between.
 * The next host finds events in the queue that the statistics don't know about: their sequence
 * numbers are used, and their milestones have fired.
 */
function recovered(
  product: Product,
  { queue, ledger }: Pick<Paths, 'queue' | 'ledger'>,
  stats: Stats,
  history: History,
): Stats {
  const unknown = queuedNames(queue).flatMap((name) => {
    const sequence = parseName(name)?.sequence ?? 0
    return sequence > stats.sequence ? [{ name, sequence }] : []
  })
  const sent = history === 'doubtful' ? [] : readLedger(ledger).map(({ event }) => numberOf(event))
  const used = [...unknown.map(({ sequence }) => sequence), ...sent]
  const marks = unknown.flatMap(({ name }) => markIn(product, path.join(queue, name)))
  return {
    ...stats,
    sequence: used.reduce((most, one) => Math.max(most, one), stats.sequence),
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
