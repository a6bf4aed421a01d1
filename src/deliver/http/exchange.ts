import type { ClientRequest, IncomingMessage } from 'node:http'

import { parseRetryAfter } from '../../contract/retry-after.ts'
import type { Endpoint } from './client.ts'
import { reset, whenConnected } from './connection.ts'
import { failed, type PostOutcome, type FailureReason, reasonOf } from './outcome.ts'

/** More of an answer than this is not read; the connection goes instead. */
const bodyLimit = 64 * 1024

export interface ExchangeTerms {
  /** Asked once the connection stands, right before the event's bytes go to the kernel. */
  readonly mayBegin: () => boolean
  readonly timeoutMs: number
  readonly now: () => number
  /** Must the wait for an answer not keep the process alive? */
  readonly background: boolean
  /**
   * Ways to give up what is under way. Not a Set: the tables that it outgrows are garbage only when
   * memory is short, and keep whole requests alive until then.
   */
  readonly underWay: ((reason: FailureReason) => void)[]
}

/** One request and its answer, whatever happens, within the time. */
export function exchange(
  line: Endpoint,
  body: string | Uint8Array,
  { mayBegin, timeoutMs, now, underWay, background }: ExchangeTerms,
): Promise<PostOutcome> {
  return new Promise((resolve) => {
    let request: ClientRequest | undefined
    let answer: PostOutcome | undefined
    let isSettled = false
    const settle = (outcome: PostOutcome): void => {
      isSettled = true
      clearTimeout(deadline)
      const at = underWay.indexOf(giveUp)
      if (at >= 0) underWay.splice(at, 1)
      resolve(outcome)
    }
    const breakOff = (): void => {
      if (request?.socket) reset(request.socket)
      request?.destroy()
    }
    const giveUp = (reason: FailureReason): void => {
      if (isSettled) return
      settle(failed(reason))
      breakOff()
    }
    // A host that has been busy may find the deadline passed with the answer still unread.
    const deadline = setTimeout(() => setImmediate(giveUp, 'timeout'), timeoutMs)
    if (background) deadline.unref()
    underWay.push(giveUp)
    try {
      request = line.start(Buffer.byteLength(body))
    } catch (error) {
      settle(failed(reasonOf(error)))
      return
    }
    request.on('error', (error) => settle(answer ?? failed(reasonOf(error))))
    request.on('close', () => settle(answer ?? failed('protocol')))
    request.on('response', (response) => {
      const outcome = (answer = outcomeOf(response, now))
      drain(response, (whole) => {
        settle(outcome)
        // After an early answer, what is left of the request must not be sent any more.
        if (!whole || !request?.writableFinished) breakOff()
      })
    })
    request.on('socket', (socket) => {
      whenConnected(socket, () => {
        if (isSettled) return
        if (mayBegin()) request?.end(body)
        else giveUp('closed')
      })
    })
  })
}

function outcomeOf(response: IncomingMessage, now: () => number): PostOutcome {
  const { statusCode: status = 0 } = response
  if (status === 204) return { kind: 'delivered' }
  // Node parses the headers when first asked for them; a delivery does without.
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now())
  return { kind: 'answered', status, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** Reads past the body, so that the connection can be used again. */
function drain(response: IncomingMessage, done: (whole: boolean) => void): void {
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > bodyLimit) done(false)
  })
  response.on('end', () => done(true))
}

/** What goes along with every event. The key never appears anywhere else. */
export function headersFor(userAgent: string, key: string | undefined): Record<string, string> {
  return {
    'user-agent': userAgent,
    ...(key === undefined ? {} : { 'x-telemetry-key': key }),
  }
}
