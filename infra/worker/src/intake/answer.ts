/** The answer to a client. Only 204 allows it to delete its event. */
export interface Answer {
  readonly status: number
  /** Absent for 204. */
  readonly body?: Refusal | Lines
  /** Whole seconds. */
  readonly retryAfter?: number
  readonly allow?: string
}

/** `error` is for people; `reason` is for programs, from a closed list. */
export interface Refusal {
  readonly error: string
  readonly reason: Reason
  /** The field at fault, such as `payload.duration_us`. */
  readonly field?: string
}

/** The answer to NDJSON when some lines weren't stored. Every line not listed was stored. */
export interface Lines extends Refusal {
  readonly stored: number
  readonly lines: readonly (Refusal & { readonly line: number; readonly status: number })[]
}

const statuses = {
  json: 400,
  field: 400,
  empty: 400,
  http: 400,
  key: 401,
  route: 404,
  method: 405,
  timeout: 408,
  size: 413,
  type: 415,
  encoding: 415,
  sink: 422,
  rate: 429,
  header: 431,
  fault: 500,
  busy: 503,
  away: 503,
  lines: 207,
} as const

export type Reason = keyof typeof statuses

export const reasons = Object.keys(statuses) as readonly Reason[]

export const stored: Answer = { status: 204 }

export function refuse(reason: Reason, error: string, field?: string): Answer {
  const body = field === undefined ? { error, reason } : { error, reason, field }
  return { status: statuses[reason], body }
}

/** The client keeps the event and tries again. */
export function later(reason: 'rate' | 'busy' | 'away', error: string, afterMs: number): Answer {
  return {
    ...refuse(reason, error),
    retryAfter: Math.max(1, Math.ceil(afterMs / 1000)),
  }
}

export function tooLarge(most: number): Answer {
  return refuse('size', `a request may have ${most} bytes`)
}

export function isStored({ status }: Answer): boolean {
  return status === 204
}

/**
 * Combines the answers to many lines. If something was stored, the status is 207. Otherwise it is the
 * status of a line, preferring one that asks the client to try again.
 */
export function combine(answers: readonly { line: number; answer: Answer }[]): Answer {
  const open = answers.filter(({ answer }) => !isStored(answer))
  if (open.length === 0) return stored
  const retryAfter = Math.max(...open.map(({ answer }) => answer.retryAfter ?? 0))
  const leading = (open.find(({ answer }) => answer.retryAfter === retryAfter) ?? open[0])?.answer
  return {
    status: open.length < answers.length ? statuses.lines : (leading?.status ?? statuses.lines),
    body: {
      error: `${open.length} of ${answers.length} events are not stored; a line that is not listed is`,
      reason: 'lines',
      stored: answers.length - open.length,
      lines: open.map(({ line, answer: { status, body } }) =>
        Object.assign({ line, status }, body as Refusal),
      ),
    },
    ...(retryAfter > 0 && { retryAfter }),
  }
}
