import type { Worker } from '../worker.ts'
import { answerRequest } from './answer-request.ts'
import { readFetchBody } from './body.ts'

/** The worker as a function from Request to Response, for a route of a Next.js site. */
export function fetchHandlerOf(worker: Worker): (request: Request) => Promise<Response> {
  return async (request) => {
    const { method, headers } = request
    const outgoing = await answerRequest(worker, {
      method,
      url: request.url,
      header: (name) => headers.get(name) ?? undefined,
      // The framework in front knows the connection; we see only its forwarding headers.
      peer: undefined,
      readBody: (allowance) => readFetchBody(request, allowance),
    })
    if (outgoing === undefined) return Response.error()
    const { status, text } = outgoing
    const hasBody = status !== 204 && method !== 'HEAD'
    return new Response(hasBody ? text : null, { status, headers: outgoing.headers })
  }
}
