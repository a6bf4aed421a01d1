import type { ClientRequest, IncomingMessage } from 'node:http'

import { parseRetryAfter } from '../../contract/retry-after.ts'
import type { Endpoint } from './client.ts'
import { reset, whenConnected } from './connection.ts'
import { failed, type PostOutcome, type FailureReason, reasonOf } from './outcome.ts'

/** Of a larger answer no more is read, and the connection is closed. */
const bodyLimit = 64 * 1024

export interface ExchangeTerms {
  /** Called once the connection stands, right before the event's bytes go to the kernel. */
  readonly mayBegin: () => boolean
  readonly timeoutMs: number
  readonly now: () => number
  /** True if the wait for an answer must not keep the process alive. */
  readonly background: boolean
  /**
   * Functions that abort posts in flight. Not a Set: its outgrown tables are collected only when memory
   * is short, and keep whole requests alive until then.
   */
  readonly underWay: ((reason: FailureReason) => void)[]
}

/** One request and its answer or failure, within the time limit. */
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
    // In a busy host the deadline may pass while the answer is still unread.
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
        // After an early answer, the rest of the request must not be sent.
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
  // Node parses the headers on first access. A delivery does not need them.
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now())
  return { kind: 'answered', status, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** Reads and discards the body, so that the connection can be used again. */
function drain(response: IncomingMessage, done: (whole: boolean) => void): void {
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > bodyLimit) done(false)
  })
  response.on('end', () => done(true))
}
