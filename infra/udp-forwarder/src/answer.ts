import { parseRetryAfter } from '../../common/retry-after.ts'

/** What became of a post, as the network tells it. */
export type Outcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly retryAfter: string | undefined
      readonly body: string
    }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly isStale: boolean }

export const failureReasons = ['refused', 'reset', 'timeout', 'unreachable', 'tls'] as const

export type FailureReason = (typeof failureReasons)[number]

/** Longer than this nobody may keep us away: what waits here waits in memory. */
const longestWaitMs = 5 * 60_000

/** What it means for the events of the post. */
export type Verdict =
  | { readonly kind: 'stored' }
  /** Some lines stay, for later; some will never be taken; the rest is stored. */
  | {
      readonly kind: 'lines'
      readonly later: ReadonlySet<number>
      readonly refused: number
      /** All that stay met a fault, which may be theirs. */
      readonly isFault: boolean
      readonly retryAfterMs?: number
    }
  /** Too much at once, or one among them is wrong: fewer will tell. */
  | { readonly kind: 'fewer' }
  /** It may be the worker, it may be one of these events. */
  | { readonly kind: 'fault' }
  | { readonly kind: 'later'; readonly retryAfterMs?: number }
  /** The connection had gone stale before the worker read a thing. */
  | { readonly kind: 'again' }

/** What these say is about the events, and true for ever. All others are about us or the worker. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422])

/**
 * A worker that speaks of single lines has let us in, so this is about the event, whatever it is:
 * 401 is an event that needs a key where we were told to go without.
 */
function isLater({ status }: Line): boolean {
  return status >= 500 || status === 429 || status === 408
}

/** One event that makes the worker fall over would look like this. */
const mayBeTheEvent: ReadonlySet<FailureReason> = new Set(['reset', 'timeout'])

export function judgeOutcome(outcome: Outcome, lines: number, now: number): Verdict {
  if (outcome.kind === 'failed') {
    if (outcome.isStale) return { kind: 'again' }
    return { kind: mayBeTheEvent.has(outcome.reason) ? 'fault' : 'later' }
  }
  const { status, body } = outcome
  if (status === 204) return { kind: 'stored' }
  const wait = parseRetryAfter(outcome.retryAfter, now, longestWaitMs)
  const retry = wait === undefined ? {} : { retryAfterMs: wait }
  const open = openLines(body, lines)
  if (open !== undefined) {
    const later = open.filter(isLater)
    return {
      kind: 'lines',
      later: new Set(later.map(({ line }) => line)),
      refused: open.length - later.length,
      isFault: later.every((line) => line.status === 500),
      ...retry,
    }
  }
  if (refusals.has(status)) return { kind: 'fewer' }
  return status === 500 ? { kind: 'fault' } : { kind: 'later', ...retry }
}

interface Line {
  readonly line: number
  readonly status: number
}

/**
 * The lines that are not stored, where the answer lists them. A list that does not hold together is
 * none: to believe half of it could lose events.
 */
function openLines(body: string, lines: number): readonly Line[] | undefined {
  const answer = parse(body)
  if (answer === null || typeof answer !== 'object' || !('lines' in answer)) return undefined
  const { lines: list } = answer
  if (!Array.isArray(list) || list.length === 0) return undefined
  if (!list.every((entry) => isLine(entry, lines))) return undefined
  const open = list as readonly Line[]
  const isWhole = !('stored' in answer) || answer.stored === lines - open.length
  return isWhole && new Set(open.map(({ line }) => line)).size === open.length ? open : undefined
}

function isLine(entry: unknown, lines: number): boolean {
  if (entry === null || typeof entry !== 'object') return false
  const { line, status } = entry as Partial<Record<string, unknown>>
  const isPlace = Number.isInteger(line) && Number(line) >= 1 && Number(line) <= lines
  return isPlace && Number.isInteger(status) && Number(status) >= 400 && Number(status) < 600
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
