import http from 'node:http'
import https from 'node:https'

import type { FailureReason, Outcome } from './answer.ts'

/** More than any answer to a batch that is within the bounds. */
const longestAnswer = 1024 * 1024

/** Longer than batches are apart in any traffic worth the name, shorter than servers wait. */
const idleMs = 15_000

export interface Poster {
  /** Settles when the body is in nobody's hands any more, so that its memory can be used again. */
  readonly post: (body: Uint8Array) => Promise<Outcome>
  /** Ends all posts at once: they fail. */
  readonly close: () => void
}

export function makePoster(options: {
  readonly endpoint: URL
  readonly key: string | undefined
  readonly concurrency: number
  readonly timeoutMs: number
}): Poster {
  const { endpoint, key, concurrency, timeoutMs } = options
  const { Agent, request } = endpoint.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency, timeout: idleMs })
  const ongoing = new Set<http.ClientRequest>()
  const headers = {
    'content-type': 'application/x-ndjson',
    'user-agent': 'runmat-telemetry-udp-forwarder',
    ...(key !== undefined && { 'x-telemetry-key': key }),
  }

  const post = (body: Uint8Array): Promise<Outcome> =>
    new Promise((resolve) => {
      let outcome: Outcome | undefined
      const sending = request(endpoint, {
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': body.length },
      })
      ongoing.add(sending)
      const fail = (reason: FailureReason, isStale = false): void => {
        outcome ??= { kind: 'failed', reason, isStale }
        sending.destroy()
      }
      const timer = setTimeout(() => fail('timeout'), timeoutMs)
      let hasAnswer = false
      sending.on('response', (response) => {
        hasAnswer = true
        readText(response, (text) => {
          const { statusCode: status = 0, headers: answer } = response
          outcome ??= { kind: 'answered', status, retryAfter: answer['retry-after'], body: text }
          // An answer to half a body: the worker will not read the rest.
          if (!sending.writableFinished) sending.destroy()
        })
      })
      sending.on('error', (error: NodeJS.ErrnoException) => {
        const reason = reasonOf(error)
        fail(reason, reason === 'reset' && sending.reusedSocket && !hasAnswer)
      })
      sending.on('close', () => {
        clearTimeout(timer)
        ongoing.delete(sending)
        resolve(outcome ?? { kind: 'failed', reason: 'reset', isStale: false })
      })
      sending.end(body)
    })

  return {
    post,
    close: () => {
      for (const sending of ongoing) sending.destroy()
      agent.destroy()
    },
  }
}

function readText(response: http.IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = []
  let length = 0
  response.on('error', () => undefined)
  response.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > longestAnswer) response.destroy()
    else chunks.push(chunk)
  })
  response.on('end', () => done(Buffer.concat(chunks).toString()))
}

function reasonOf({ code = '' }: NodeJS.ErrnoException): FailureReason {
  if (code === 'ECONNREFUSED') return 'refused'
  if (['ECONNRESET', 'EPIPE'].includes(code) || code.startsWith('HPE_')) return 'reset'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (/CERT|TLS|SSL|SIGNATURE|ALTNAME/.test(code)) return 'tls'
  return 'unreachable'
}
