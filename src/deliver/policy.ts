import type { PostOutcome } from './http/outcome.ts'
import type { FailureReason } from './http/outcome.ts'

const minute = 60_000

/** All numbers that decide about retries. */
export const limits = {
  /** A wait is never shorter, whatever the jitter or the collector says. */
  floorMs: 10_000,
  baseMs: minute,
  capMs: 24 * 60 * minute,
  /** This many failures in a row, without a delivery in between, end a session. */
  patience: 64,
  /** A refused event is tried again after its current age, within these bounds. */
  pauseMs: { least: minute, most: 24 * 60 * minute },
  /** The pause for a collector that accepts events without confirming them. */
  unconfirmedMs: 24 * 60 * minute,
} as const

export interface Decision {
  readonly event: 'remove' | 'keep'
  readonly session: 'continue' | 'stop'
  /** What the next decision of the session needs to know. */
  readonly streak: number
  /** The pause that the collector asks for; only set together with a stop. */
  readonly retryAfterMs?: number
}

/**
 * What an outcome means for its event and for the session. Any answer may be about one event only:
 * firewalls and crashing handlers refuse single bodies with every possible status. So only an explicit
 * "later" ends the session at once. Other answers end it after several in a row without a delivery.
 */
export function decide(outcome: PostOutcome, streak: number): Decision {
  if (outcome.kind === 'delivered') return { event: 'remove', session: 'continue', streak: 0 }
  const next = Math.min(streak + weightOf(outcome), limits.patience)
  if (next < limits.patience) return { event: 'keep', session: 'continue', streak: next }
  const asked =
    outcome.kind === 'answered' && asksForTime(outcome) ? outcome.retryAfterMs : undefined
  return {
    event: 'keep',
    session: 'stop',
    streak: next,
    ...(asked !== undefined && { retryAfterMs: asked }),
  }
}

/** The pause after a session, by the number of failed sessions in a row. */
export function waitMs(
  { retryAfterMs }: Pick<Decision, 'retryAfterMs'>,
  failures: number,
  random: () => number,
): number {
  if (retryAfterMs === undefined) return backoffMs(failures, random)
  return clamp(retryAfterMs, limits.floorMs, limits.capMs)
}

/** Doubles with each failure, with full jitter so that clients do not come back all at once. */
export function backoffMs(failures: number, random: () => number): number {
  const { floorMs, baseMs, capMs } = limits
  const ceiling = Math.min(baseMs * 2 ** Math.max(failures - 1, 0), capMs)
  return Math.round(floorMs + random() * (ceiling - floorMs))
}

/** How long a refused event rests. As this depends on its age, the pauses double without a counter. */
export function pauseMs(ageMs: number): number {
  return clamp(ageMs, limits.pauseMs.least, limits.pauseMs.most)
}

/** Is this outcome about the collector, and not about one event that it refuses? */
export function isTheCollector(outcome: PostOutcome): boolean {
  if (outcome.kind === 'delivered') return false
  return outcome.kind === 'failed' || !(refusals.has(outcome.status) || outcome.status === 500)
}

type Setback = Exclude<PostOutcome, { kind: 'delivered' }>

/** These statuses say that the event itself is wrong. */
const refusals: ReadonlySet<number> = new Set([400, 409, 413, 415, 422])

/** A single event can cause these failures. Others would affect every event. */
const mayBeTheEvent: ReadonlySet<FailureReason> = new Set(['timeout', 'reset', 'protocol'])

const weight = { refusal: 1, unclear: 8, certain: limits.patience } as const

function weightOf(outcome: Setback): number {
  if (outcome.kind === 'failed') {
    return mayBeTheEvent.has(outcome.reason) ? weight.unclear : weight.certain
  }
  if (refusals.has(outcome.status)) return weight.refusal
  return asksForTime(outcome) ? weight.certain : weight.unclear
}

function asksForTime({
  status,
  retryAfterMs,
}: Extract<PostOutcome, { kind: 'answered' }>): boolean {
  return status === 429 || (retryAfterMs !== undefined && !refusals.has(status))
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
