import type { FailureReason, PostResult } from 'runmat-telemetry-common/http-poster'

/** What a post means for the events of its batch. */
export type BatchDecision =
  | { readonly kind: 'stored' }
  /** Some lines stay for later, some will never be taken, and the rest is stored. */
  | {
      readonly kind: 'lines'
      readonly later: ReadonlySet<number>
      readonly refused: number
      /** Every line that stays caused a fault, so one of the events may be to blame. */
      readonly isFault: boolean
      readonly retryAfterMs?: number
    }
  /** Too many at once, or one of them is wrong: a smaller post will tell. */
  | { readonly kind: 'fewer' }
  /** Either the worker or one of these events is at fault. */
  | { readonly kind: 'fault' }
  | { readonly kind: 'later'; readonly retryAfterMs?: number }

/** These statuses are about the events and final. All others are about us or the worker. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422])

/**
 * A worker that reports on single lines has accepted our key, so any other status is about the event:
 * 401 is an event that needs a key while we were told to post without one.
 */
function isLater({ status }: Line): boolean {
  return status >= 500 || status === 429 || status === 408
}

/** How it looks when one event crashes the worker. */
const mayBeTheEvent: ReadonlySet<FailureReason> = new Set(['reset', 'timeout'])

export function decideBatch(result: PostResult, lines: number): BatchDecision {
  if (result.kind === 'failed') {
    return { kind: mayBeTheEvent.has(result.reason) ? 'fault' : 'later' }
  }
  const { status, body, retryAfterMs } = result
  if (status === 204) return { kind: 'stored' }
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs }
  const open = openLines(body, lines)
  if (open !== undefined) return { ...decideLines(open), ...retry }
  if (refusals.has(status)) return { kind: 'fewer' }
  return status === 500 ? { kind: 'fault' } : { kind: 'later', ...retry }
}

/** A line that isn't stored, counted from 1. */
export interface Line {
  readonly line: number
  readonly status: number
}

export function decideLines(open: readonly Line[]): BatchDecision & { readonly kind: 'lines' } {
  const later = open.filter(isLater)
  return {
    kind: 'lines',
    later: new Set(later.map(({ line }) => line)),
    refused: open.length - later.length,
    isFault: later.every((line) => line.status === 500),
  }
}

/**
 * The lines that aren't stored, if the answer lists them. An inconsistent list counts as none: believing
 * half of it could lose events.
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
  const isInRange = Number.isInteger(line) && Number(line) >= 1 && Number(line) <= lines
  return isInRange && Number.isInteger(status) && Number(status) >= 400 && Number(status) < 600
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
