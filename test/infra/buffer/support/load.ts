import { eventually } from '../../../support/eventually.ts'
import { finished, uuidOf } from '../../worker/support/events.ts'
import { key } from '../../worker/support/stage.ts'

export interface Load {
  /** Events that got 204. */
  readonly stored: ReadonlySet<string>
  /** Answers other than 204, by status; 0 means no answer. */
  readonly refused: ReadonlyMap<number, number>
  /** Refusals with Retry-After. */
  readonly withRetryAfter: () => number
  readonly waitFor: (events: number) => Promise<void>
  /** Sends no new events, and settles once each has got 204. */
  readonly end: () => Promise<ReadonlySet<string>>
}

export interface LoadOptions {
  /** Requests at a time. */
  readonly lanes?: number
  /** The pause between two events of a lane. */
  readonly pauseMs?: number
  /** How long a lane waits after anything but 204. */
  readonly againMs?: number
}

/** Clients that keep each event until its 204 and send it to the next address in turn. */
export function startLoad(
  urls: () => readonly string[],
  { lanes = 8, pauseMs = 5, againMs = 100 }: LoadOptions = {},
): Load {
  const stored = new Set<string>()
  const refused = new Map<number, number>()
  let withRetryAfter = 0
  let going = true
  const isGoing = (): boolean => going
  let turn = 0

  const send = async (bytes: string): Promise<boolean> => {
    const all = urls()
    turn += 1
    const { status, retryAfter } = await postTo(all[turn % all.length] ?? '', bytes)
    if (status === 204) return true
    refused.set(status, (refused.get(status) ?? 0) + 1)
    if (retryAfter !== null) withRetryAfter += 1
    return false
  }
  const lane = async (): Promise<void> => {
    while (isGoing()) {
      const bytes = finished()
      while (!(await send(bytes))) await pause(againMs)
      stored.add(uuidOf(bytes))
      await pause(pauseMs)
    }
  }
  const running = Promise.all(Array.from({ length: lanes }, lane))
  return {
    stored,
    refused,
    withRetryAfter: () => withRetryAfter,
    waitFor: (events) =>
      eventually(() => {
        if (stored.size < events) throw new Error(`${stored.size} of ${events}: ${[...refused]}`)
      }),
    end: async () => {
      going = false
      await running
      return stored
    },
  }
}

export async function postTo(
  url: string,
  body: string,
  type = 'application/json',
): Promise<{ readonly status: number; readonly retryAfter: string | null }> {
  try {
    const { status, headers } = await fetch(`${url}/v1/t`, {
      method: 'POST',
      headers: { 'Content-Type': type, 'x-telemetry-key': key },
      body,
      signal: AbortSignal.timeout(15_000),
    })
    return { status, retryAfter: headers.get('retry-after') }
  } catch {
    return { status: 0, retryAfter: null }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
