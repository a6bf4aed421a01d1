import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { urlToHttpOptions } from 'node:url'

import { parseRetryAfter } from '../../common/retry-after.ts'
import { limits } from './limits.ts'

export interface Reply {
  readonly status: number
  readonly retryAfterMs: number | undefined
  readonly text: string
}

export interface Poster {
  /** Takes ASCII. Rejects with a `PostError` when there is no whole answer in time. */
  readonly post: (body: string, timeoutMs: number) => Promise<Reply>
  readonly close: () => void
}

export class PostError extends Error {
  override readonly name = 'PostError'
}

/** Posts JSON to one address over kept connections. */
export function openPoster(url: string, connections: number): Poster {
  const { Agent, request } = url.startsWith('https:') ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' })
  const address = urlToHttpOptions(new URL(url))

  const once = (body: string, deadline: number): Promise<Reply | 'stale'> =>
    new Promise((resolve, reject) => {
      const outgoing: ClientRequest = request({
        ...address,
        agent,
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': body.length,
          'User-Agent': 'runmat-telemetry-worker',
        },
      })
      const end = (error: PostError): void => {
        clearTimeout(timer)
        reject(error)
        outgoing.destroy()
      }
      const timer = setTimeout(() => end(new PostError('no answer in time')), deadline - Date.now())
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The other side closed a kept connection in the moment in which we used it again.
        if (outgoing.reusedSocket && error.code === 'ECONNRESET') {
          clearTimeout(timer)
          return resolve('stale')
        }
        end(new PostError(error.code === 'ECONNREFUSED' ? 'refused' : 'connection lost'))
      })
      outgoing.on('response', (incoming) => {
        read(incoming, (text) => {
          if (text === undefined) return end(new PostError('broken answer'))
          clearTimeout(timer)
          resolve({
            status: incoming.statusCode ?? 0,
            retryAfterMs: parseRetryAfter(
              incoming.headers['retry-after'],
              Date.now(),
              limits.retryAfterMs,
            ),
            text,
          })
        })
      })
      outgoing.end(Buffer.from(body, 'latin1'))
    })

  return {
    post: async (body, timeoutMs) => {
      const deadline = Date.now() + timeoutMs
      for (let tries = 0; ; tries += 1) {
        const reply = await once(body, deadline)
        if (reply !== 'stale') return reply
        if (tries > connections) throw new PostError('connection lost')
      }
    },
    close: () => agent.destroy(),
  }
}

/** Gives undefined for an answer that breaks off or does not end. */
function read(incoming: IncomingMessage, done: (text: string | undefined) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limits.sinkAnswerBytes) return done(undefined)
    chunks.push(chunk)
  })
  incoming.on('end', () => done(Buffer.concat(chunks).toString()))
  incoming.on('error', () => done(undefined))
  incoming.on('aborted', () => done(undefined))
}
