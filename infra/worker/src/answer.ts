/** What a client hears. 204 alone allows it to delete its event. */
export interface Answer {
  readonly status: number
  /** Absent for 204. */
  readonly body?: Refusal | Lines
  /** Whole seconds. */
  readonly retryAfter?: number
  readonly allow?: string
}

/** For people, and for programs: `reason` is one of a closed list. */
export interface Refusal {
  readonly error: string
  readonly reason: Reason
  /** The field that is wrong, such as `payload.duration_us`. */
  readonly field?: string
}

/** The answer to NDJSON of which not every line is stored. Lines that are not listed are stored. */
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

/** Keep it, and come again. */
export function later(reason: 'rate' | 'busy' | 'away', error: string, afterMs: number): Answer {
  return {
    ...refuse(reason, error),
    retryAfter: Math.max(1, Math.ceil(afterMs / 1000)),
  }
}

export function isStored({ status }: Answer): boolean {
  return status === 204
}

/**
 * Brings the answers to many lines together. Where something was stored it is 207; else it is what
 * the lines say, and if only one of them is worth coming again for, that is what it says.
 */
export function together(answers: readonly { line: number; answer: Answer }[]): Answer {
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
