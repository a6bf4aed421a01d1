import type { Event } from '../event.ts'

/** `refused`: this event, as it is, never. `later`: nobody knows, and it may come again. */
export type Outcome = 'stored' | 'refused' | 'later'

/** Why a sink is of no use just now. */
export interface Trouble {
  /** For logs and `/readyz`: our own words, nothing that came from outside. */
  readonly cause: string
  readonly retryAfterMs?: number
}

export interface Result {
  /** One for each event, in order. */
  readonly outcomes: readonly Outcome[]
  readonly trouble?: Trouble
}

/** Where events stay. */
export interface Sink {
  readonly name: string
  /** How many batches it takes at a time. */
  readonly inFlight: number
  /** Never rejects. An event is `stored` only when it will be there tomorrow. */
  readonly store: (events: readonly Event[]) => Promise<Result>
  /** Would it store something now? */
  readonly probe: () => Promise<Trouble | undefined>
  readonly close: () => Promise<void>
}

export function allOf(events: readonly Event[], outcome: Outcome, trouble?: Trouble): Result {
  return { outcomes: events.map(() => outcome), ...(trouble && { trouble }) }
}

export function resultOf({ outcomes, trouble }: Result): 'stored' | 'refused' | 'failed' {
  if (trouble !== undefined) return 'failed'
  return outcomes.includes('refused') ? 'refused' : 'stored'
}
