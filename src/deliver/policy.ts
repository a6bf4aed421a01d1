import type { PostOutcome } from './http/outcome.ts'
import type { FailureReason } from './http/outcome.ts'

const minute = 60_000

/** Every number that decides how hard we try. */
export const limits = {
  /** A wait is never shorter, whatever chance or the collector says. */
  floorMs: 10_000,
  baseMs: minute,
  capMs: 24 * 60 * minute,
  /** How much bad news in a row, without one delivery between, ends a session. */
  patience: 64,
  /** An event refused by itself is tried again after its age so far, within these. */
  pauseMs: { least: minute, most: 24 * 60 * minute },
  /** A collector that takes events without confirming them is asked again after so long. */
  unconfirmedMs: 24 * 60 * minute,
} as const

export interface Decision {
  readonly event: 'remove' | 'keep'
  readonly session: 'continue' | 'stop'
  /** What the next decision of the session needs to know. */
  readonly streak: number
  /** How long the collector wants to be left alone; only ever given with a stop. */
  readonly retryAfterMs?: number
}

/**
 * What an outcome means for its event and for the session. Any answer may be about one event only:
 * firewalls and crashing handlers refuse single bodies with every status there is. So no answer
 * but an explicit "later" ends the session at once; a row of them does, with no delivery between.
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

/** How long to leave the collector alone after the session that made so many failures in a row. */
export function waitMs(
  { retryAfterMs }: Pick<Decision, 'retryAfterMs'>,
  failures: number,
  random: () => number,
): number {
  if (retryAfterMs === undefined) return backoffMs(failures, random)
  return clamp(retryAfterMs, limits.floorMs, limits.capMs)
}

/** Doubles from failure to failure; spread evenly over the whole time, lest all come at once. */
export function backoffMs(failures: number, random: () => number): number {
  const { floorMs, baseMs, capMs } = limits
  const ceiling = Math.min(baseMs * 2 ** Math.max(failures - 1, 0), capMs)
  return Math.round(floorMs + random() * (ceiling - floorMs))
}

/** How long an event that was refused by itself rests, so that its tries double without a count. */
export function pauseMs(ageMs: number): number {
  return clamp(ageMs, limits.pauseMs.least, limits.pauseMs.most)
}

/** Does this speak of the collector, and not of one event that it will not have? */
export function isTheCollector(outcome: PostOutcome): boolean {
  if (outcome.kind === 'delivered') return false
  return outcome.kind === 'failed' || !(refusals.has(outcome.status) || outcome.status === 500)
}

type Setback = Exclude<PostOutcome, { kind: 'delivered' }>

/** What these say is wrong is the event itself. */
const refusals: ReadonlySet<number> = new Set([400, 409, 413, 415, 422])

/** One event can cause these; anything else that fails would fail for every event. */
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
