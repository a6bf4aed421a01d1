import path from 'node:path'

import type { Product } from '../product/product.ts'
import { triggersOf } from '../contract/usage.ts'
import { readSmallFile } from '../files/read.ts'
import type { Context } from '../settings/context.ts'
import { readLedger } from '../store/ledger.ts'
import { parseName, queuedNames } from '../store/queue.ts'
import type { History } from '../store/stats-file.ts'
import { mostSequence, type Stats } from '../store/stats.ts'
import { isOfOtherMachine, ofThisMachine } from './machine.ts'
import { presumedFired } from './milestones.ts'

/**
 * The statistics to continue from. If they may be incomplete, the queue and the ledger fill the
 * gaps.
 */
export function continued(
  context: Context,
  found: Stats,
  history: History,
  release?: string,
): Stats {
  const stats = ofThisMachine(context, found)
  if (history === 'known') return stats
  const fired = history === 'lost' ? presumedFired(context.product, release) : stats.fired
  return recovered(context, { ...stats, fired }, history)
}

/**
 * A host queues events before it writes the statistics, so it loses nothing if it dies in between.
 * The next host finds events in the queue that the statistics don't know about: their sequence
 * numbers are used, and their milestones have fired.
 */
function recovered(context: Context, stats: Stats, history: History): Stats {
  const { product, paths } = context
  const unknown = queuedNames(paths.queue).flatMap((name) => {
    const sequence = parseName(name)?.sequence ?? 0
    if (sequence <= stats.sequence || sequence > mostSequence) return []
    const event = eventIn(path.join(paths.queue, name))
    return isOfOtherMachine(context, event) ? [] : [{ sequence, event }]
  })
  const sent = history === 'doubtful' ? [] : readLedger(paths.ledger).map(({ event }) => event)
  const used = [
    ...unknown.map(({ sequence }) => sequence),
    ...sent.map((event) => (isOfOtherMachine(context, event) ? 0 : numberOf(event))),
  ]
  return {
    ...stats,
    sequence: used.reduce((most, one) => Math.max(most, one), stats.sequence),
    fired: [...stats.fired, ...unknown.flatMap(({ event }) => marksOf(product, event))],
    waiting: null,
  }
}

type Fields = Readonly<Record<string, unknown>>

function eventIn(file: string): Fields | null {
  const reading = readSmallFile(file, 64 * 1024, { links: false })
  try {
    return reading.kind === 'read' ? (JSON.parse(reading.bytes.toString('utf8')) as Fields) : null
  } catch {
    return null
  }
}

function marksOf(product: Product, event: Fields | null): readonly string[] {
  const trigger = triggersOf(product).find((name) => name === event?.['trigger'])
  return trigger === undefined ? [] : [trigger, `${trigger}@${String(event?.['version'])}`]
}

function numberOf(event: unknown): number {
  const { sequence } = (event ?? {}) as { sequence?: unknown }
  const isPlausible = Number.isSafeInteger(sequence) && Number(sequence) <= mostSequence
  return isPlausible ? Number(sequence) : 0
}
