import http from 'node:http'
import https from 'node:https'

import { parseRetryAfter } from 'runmat-telemetry/contract'

export const failureReasons = ['refused', 'reset', 'timeout', 'unreachable', 'tls'] as const

export type FailureReason = (typeof failureReasons)[number]

export type PostResult =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly retryAfterMs: number | undefined
      readonly body: string
    }
  | { readonly kind: 'failed'; readonly reason: FailureReason }

export interface HttpPoster {
  /** Never rejects. Once it settles, nothing reads the body's memory any more. */
  readonly post: (body: Uint8Array, timeoutMs: number) => Promise<PostResult>
  /** Aborts every post in flight. */
  readonly close: () => void
}

export interface HttpPosterOptions {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly longestRetryAfterMs: number
  readonly longestAnswerBytes: number
  /** The certificate authority to trust in place of the system's. */
  readonly ca?: string | undefined
}

/** Long enough to outlast the gaps in steady traffic, shorter than servers keep a connection. */
const idleMs = 15_000

/** Posts to one address over kept-alive connections. */
export function openHttpPoster(options: HttpPosterOptions): HttpPoster {
  const { url, connections } = options
  const { Agent, request } = url.protocol === 'https:' ? https : http
  const { ca } = options
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    timeout: idleMs,
    ...(ca !== undefined && { ca }),
  })
  const inFlight = new Set<http.ClientRequest>()

  const postOnce = (body: Uint8Array, timeoutMs: number): Promise<PostResult | 'stale'> =>
    new Promise((resolve) => {
      let result: PostResult | 'stale' | undefined
      let hasAnswer = false
      const sending = request(url, {
        method: 'POST',
        agent,
        headers: { ...options.headers, 'content-length': body.length },
      })
      inFlight.add(sending)
      const timer = setTimeout(() => {
        result ??= failed('timeout')
        sending.destroy()
      }, timeoutMs)
      sending.on('response', (response) => {
        hasAnswer = true
        readText(response, options.longestAnswerBytes, (text) => {
          const { statusCode: status = 0, headers } = response
          const { longestRetryAfterMs: longest } = options
          const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now(), longest)
          result ??= { kind: 'answered', status, retryAfterMs, body: text }
          // The server answered half a body and won't read the rest.
          if (!sending.writableFinished) sending.destroy()
        })
      })
      sending.on('error', (error: NodeJS.ErrnoException) => {
        const reason = reasonOf(error)
        const isStale = reason === 'reset' && sending.reusedSocket && !hasAnswer
        result ??= isStale ? 'stale' : failed(reason)
        sending.destroy()
      })
      sending.on('close', () => {
        clearTimeout(timer)
        inFlight.delete(sending)
        resolve(result ?? failed('reset'))
      })
      sending.end(body)
    })

  return {
    post: async (body, timeoutMs) => {
      const deadline = performance.now() + timeoutMs
      // Every kept connection may have been closed by the server just as we used it again.
      for (let tries = 0; tries <= connections; tries += 1) {
        const result = await postOnce(body, deadline - performance.now())
        if (result !== 'stale') return result
      }
      return failed('reset')
    },
    close: () => {
      for (const sending of inFlight) sending.destroy()
      agent.destroy()
    },
  }
}

function failed(reason: FailureReason): PostResult {
  return { kind: 'failed', reason }
}

/** An answer that breaks off or is too long never calls back; the request then ends as reset. */
function readText(
  response: http.IncomingMessage,
  longest: number,
  done: (text: string) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  response.on('error', () => undefined)
  response.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > longest) response.destroy()
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
