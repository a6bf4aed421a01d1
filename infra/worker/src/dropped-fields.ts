import { contractsOf, dictionaryOf, type Product, runmat } from 'runmat-telemetry/contract'

/** Counts by name the fields that events lost. Unknown names count as `other`. */
export interface DroppedFields {
  readonly note: (paths: readonly string[]) => void
  readonly counts: () => Readonly<Record<string, number>>
  /** What was lost since this was last asked. */
  readonly sinceLast: () => Readonly<Record<string, number>>
}

/** What real clients send beside the contract, on ordinary days. A sender can't add to these names. */
export const ordinarilyDropped = [
  'source',
  'properties',
  'context',
  'client_ip',
  '$ip',
  'payload',
  'session_id',
  'run_kind',
  'payload.provider.device.device_id',
  'payload.provider.device.memory_bytes',
  'payload.provider.telemetry',
]

/** However many products there are. */
const mostNames = 299

export function openDroppedFields(products: readonly Product[] = [runmat]): DroppedFields {
  const names = new Set([...ordinarilyDropped, ...products.flatMap(fieldsOfContract)])
  const known = new Set([...names].slice(0, mostNames))
  const counts = new Map<string, number>([['other', 0]])
  let last = new Map<string, number>()
  return {
    note: (paths) => {
      for (const path of paths) {
        const name = known.has(path) ? path : 'other'
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
    },
    counts: () => Object.fromEntries(counts),
    sinceLast: () => {
      const news = [...counts].map(
        ([name, count]) => [name, count - (last.get(name) ?? 0)] as const,
      )
      last = new Map(counts)
      return Object.fromEntries(news.filter(([, count]) => count > 0))
    },
  }
}

function fieldsOfContract(product: Product): readonly string[] {
  return dictionaryOf(product, contractsOf(product)).events.flatMap(({ fields }) =>
    fields.map(({ field }) => field),
  )
}
