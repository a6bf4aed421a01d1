import type { Event } from './events/event.ts'

/**
 * `repeated`: stored already, by an earlier attempt. `erased`: its client asked to be erased, so it is
 * dropped. `refused`: the sink will never take this event. `later`: not known to be stored; try again.
 */
export type Outcome = 'stored' | 'repeated' | 'erased' | 'refused' | 'later'

/** Why a sink can't be used at the moment. */
export interface Trouble {
  /** For logs and `/readyz`: only our own words, nothing received from outside. */
  readonly cause: string
  readonly retryAfterMs?: number
}

export interface Result {
  /** One per event, in order. */
  readonly outcomes: readonly Outcome[]
  readonly trouble?: Trouble
}

/** When a batch goes while others are in flight. */
export interface Gathering {
  /** As many events go at once. */
  readonly enough: number
  /** How long fewer wait for more. */
  readonly waitMs: number
}

/** Where events are stored. */
export interface Sink {
  readonly name: string
  /** How many batches it takes at a time. */
  readonly inFlight: number
  /** Set if a small batch costs it about as much as a large one. */
  readonly gathering?: Gathering
  /** Never rejects. An event is `stored` only once it would survive a crash. */
  readonly store: (events: readonly Event[]) => Promise<Result>
  /** Checks whether it would store an event now. */
  readonly probe: () => Promise<Trouble | undefined>
  /**
   * Deletes everything of these client ids and event ids, and looks whether any is left. Undefined: none
   * is. Sinks that can't delete have no such function.
   */
  readonly erase?: (ids: readonly string[]) => Promise<Trouble | undefined>
  readonly close: () => Promise<void>
}

/** May the sender delete the event? */
export function isDone(outcome: Outcome | undefined): boolean {
  return outcome === 'stored' || outcome === 'repeated' || outcome === 'erased'
}

export function allOf(events: readonly unknown[], outcome: Outcome, trouble?: Trouble): Result {
  return { outcomes: events.map(() => outcome), ...(trouble && { trouble }) }
}

export function resultOf({ outcomes, trouble }: Result): 'stored' | 'refused' | 'failed' {
  if (trouble !== undefined) return 'failed'
  return outcomes.includes('refused') ? 'refused' : 'stored'
}
