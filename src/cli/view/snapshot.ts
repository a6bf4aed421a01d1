import { type Contract, contractsOf } from '../../contract/documented.ts'
import { eventIdIn } from '../../contract/event-id.ts'
import { previewOf } from '../../record/preview.ts'
import { readLedger } from '../../store/ledger.ts'
import type { Sent } from '../../store/ledger-lines.ts'
import { listQueue, type QueuedFile } from '../../store/queue.ts'
import { readQueued } from '../../store/queued-event.ts'
import { freshStats, readStats, type Stats } from '../../store/stats.ts'
import { type Status, statusOf } from '../commands/status.ts'
import { answerOf } from '../delivery-words.ts'
import type { Invocation } from '../invocation.ts'

/** One event on the page, as the bytes that leave or left. */
export interface ShownEvent {
  readonly id: string
  readonly bytes: string
  /** What kind of event it is, in the words of the person who reads. */
  readonly title: string
  readonly at: number
  /** Where it went, and what became of it there; undefined while it waits. */
  readonly sent: { readonly to: string; readonly answer: string } | undefined
  readonly contract: Contract | undefined
}

/** One page of a list, newest first. */
export interface Listing {
  readonly events: readonly ShownEvent[]
  readonly total: number
  readonly page: number
  readonly hasMore: boolean
}

/** Everything that the page shows. Taking it writes nothing. */
export interface Snapshot {
  readonly status: Status
  readonly stats: Stats
  readonly hasStats: boolean
  /** The statistics can't be read at this moment, whatever they contain. */
  readonly areStatsUnread: boolean
  readonly waiting: Listing
  readonly sent: Listing
  /** What an event would look like, where there is none. */
  readonly preview: ShownEvent | undefined
  /** The one event that the person wants explained, wherever it lies by now. */
  readonly explained: ShownEvent | undefined
  readonly now: number
}

export interface PageRequest {
  readonly waiting: number
  readonly sent: number
  /** The id of an event that is to be explained field by field. */
  readonly event?: string | undefined
  /** Was the page paused, so that it may have missed something? */
  readonly isAgain?: boolean
}

/**
 * As many events as a page of 60 kB can hold, in each of the two lists and, as bytes, in both. What waits
 * comes first, and leaves room for what was sent.
 */
const limits = { events: 20, bytes: 18_000, waitingBytes: 9000 } as const

export function takeSnapshot(invocation: Invocation, request: PageRequest): Snapshot {
  const { context, product, environment, hostVersion } = invocation
  const contracts = contractsOf(product)
  const shown = showing(contracts)
  const reading = readStats(context.paths.stats)
  const now = environment.now()
  const queue = listQueue(context.paths.queue).toReversed()
  const ledger = readLedger(context.paths.ledger)
  const showQueued = ({ path, at }: QueuedFile): ShownEvent | undefined => {
    const queued = readQueued(path, contracts, now)
    return queued.kind === 'event' ? shown(queued.bytes, at, undefined) : undefined
  }
  const showSent = (entry: Sent): ShownEvent =>
    shown(JSON.stringify(entry.event), Date.parse(entry.sent_at), departure(entry))
  const waiting = listing(queue, request.waiting, limits.waitingBytes, showQueued)
  const left = limits.bytes - bytesIn(waiting.events)
  const sent = listing(ledger, request.sent, left, showSent)
  const explained = (id: string): ShownEvent | undefined => {
    // The names of our own files tell the id. Other programs' need not.
    const named = queue.filter(({ name }) => name.includes(id))
    for (const one of [...named, ...queue]) {
      const event = showQueued(one)
      if (event?.id === id) return event
    }
    const entry = ledger.find(({ event }) => eventIdIn(event) === id)
    return entry && showSent(entry)
  }
  const isEmpty = waiting.total === 0 && sent.total === 0
  return {
    status: statusOf(invocation),
    stats: reading.kind === 'read' ? reading.stats : freshStats(''),
    hasStats: reading.kind === 'read',
    areStatsUnread: reading.kind === 'unread',
    waiting,
    sent,
    preview: isEmpty
      ? shown(previewOf('usage', context, hostVersion).bytes, now, undefined)
      : undefined,
    explained: request.event === undefined ? undefined : explained(request.event),
    now,
  }
}

/** Only the events of one page are read and parsed; the others are counted. */
function listing<T>(
  all: readonly T[],
  page: number,
  room: number,
  show: (one: T) => ShownEvent | undefined,
): Listing {
  const from = (page - 1) * limits.events
  const events: ShownEvent[] = []
  for (const one of all.slice(from, from + limits.events)) {
    const event = show(one)
    if (event === undefined) continue
    const isTooMuch = events.length > 0 && bytesIn(events) + event.bytes.length > room
    events.push(isTooMuch ? withoutBytes(event) : event)
  }
  return { events, total: all.length, page, hasMore: from + limits.events < all.length }
}

function bytesIn(events: readonly ShownEvent[]): number {
  return events.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** Where a page is full, an event keeps its line; its own page shows the bytes. */
function withoutBytes(event: ShownEvent): ShownEvent {
  return { ...event, bytes: '' }
}

function departure(entry: Sent): ShownEvent['sent'] {
  return { to: entry.endpoint, answer: answerOf(entry) }
}

function showing(contracts: readonly Contract[]) {
  return (bytes: string, at: number, sent: ShownEvent['sent']): ShownEvent => {
    const event = parsed(bytes)
    const title = wordIn(event, 'event_label', 'trigger')
    const id = wordIn(event, 'event_id', 'uuid')
    const contract = contracts.find(({ kind, labels }) =>
      kind === 'usage' ? 'trigger' in event : labels.includes(title),
    )
    return { id, bytes, title, at, sent, contract }
  }
}

function wordIn(event: Readonly<Record<string, unknown>>, ...names: readonly string[]): string {
  const found = names.map((name) => event[name]).find((value) => typeof value === 'string')
  return found ?? ''
}

function parsed(bytes: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(bytes)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
