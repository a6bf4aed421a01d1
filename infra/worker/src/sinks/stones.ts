import type { Erasure } from 'runmat-telemetry-common/events/erasure'
import type { Event } from 'runmat-telemetry-common/events/event'

/** The tombstones that this process knows. */
export interface Stones {
  readonly clients: ReadonlySet<string>
  readonly add: (erasure: Erasure) => void
  /** Learns the lines of whole tombstones; half a line is of a request that got no answer. */
  readonly learn: (text: string) => void
  readonly unknownIn: (erasure: Erasure) => Erasure
  readonly covers: (event: Event) => boolean
  /** All of clients and events. */
  readonly ids: () => readonly string[]
}

export function openStones(): Stones {
  const clients = new Set<string>()
  const events = new Set<string>()
  const add = (erasure: Erasure): void => {
    for (const id of erasure.clients) clients.add(id)
    for (const uuid of erasure.events) events.add(uuid)
  }
  return {
    clients,
    add,
    learn: (text) => add(erasureIn(text)),
    unknownIn: (erasure) => ({
      clients: erasure.clients.filter((id) => !clients.has(id)),
      events: erasure.events.filter((uuid) => !events.has(uuid)),
    }),
    covers: ({ uuid, fields: { cid, install_id: install } }) =>
      events.has(uuid) || clients.has(cid as string) || clients.has(install as string),
    ids: () => [...clients, ...events],
  }
}

/** One a line: an id and a day, and nothing else. */
export function stoneLines({ clients, events }: Erasure, day: string): string {
  const stones = [...clients.map((id) => ({ id })), ...events.map((uuid) => ({ uuid }))]
  return stones.map((stone) => `${JSON.stringify({ ...stone, day })}\n`).join('')
}

export function erasureIn(text: string): Erasure {
  const stones = text.split('\n').flatMap((line) => stoneIn(line) ?? [])
  const textsOf = (values: readonly unknown[]) =>
    values.filter((value) => typeof value === 'string')
  return {
    clients: textsOf(stones.map(({ id }) => id)),
    events: textsOf(stones.map(({ uuid }) => uuid)),
  }
}

function stoneIn(line: string): { readonly id?: unknown; readonly uuid?: unknown } | undefined {
  try {
    return Object(JSON.parse(line)) as { id?: unknown; uuid?: unknown }
  } catch {
    return undefined
  }
}
