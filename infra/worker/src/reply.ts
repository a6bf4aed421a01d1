import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

import type { Answer } from './answer.ts'
import { limits } from './limits.ts'

export function reply(response: ServerResponse, answer: Answer): void {
  if (answer.body === undefined) response.writeHead(answer.status).end()
  else response.writeHead(answer.status, headersOf(answer)).end(textOf(answer))
}

/**
 * Answers before the request is through. To hang up at once would destroy the answer on its way to
 * a sender that is still talking; so it may go on for a moment, and nobody listens.
 */
export function dismiss(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (request.complete || request.headers['content-length'] === '0') return reply(response, answer)
  response.writeHead(answer.status, { ...headersOf(answer), Connection: 'close' })
  response.write(textOf(answer))
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, limits.lingerMs)
  request.on('end', end)
  request.on('close', end)
  request.resume()
}

export function textOf({ body }: Answer): string {
  return `${JSON.stringify(body)}\n`
}

/** What the bare status line does not say. */
export function headersOf({ body, retryAfter, allow, ...rest }: Answer): OutgoingHttpHeaders {
  return {
    ...(body !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(textOf({ ...rest, body })),
    }),
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    ...(allow !== undefined && { Allow: allow }),
  }
}
