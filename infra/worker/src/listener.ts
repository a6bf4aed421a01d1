import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

import { getRequestListener } from '@hono/node-server'

import { type Answer, refuse } from './answer.ts'
import { appOf } from './app.ts'
import { receiveBody } from './body.ts'
import { openTo } from './cors.ts'
import type { Head } from './intake.ts'
import { addressOf } from './rate-limit.ts'
import { dismiss, reply } from './reply.ts'
import { type Route, routeOf } from './routes.ts'
import type { Worker } from './worker.ts'

/**
 * Brings Node's requests to the app. Events, which are nearly all there is, take a shorter way to
 * the same intake: a Request and a Response for each would cost as much as all the rest of it.
 */
export function listenerOf(worker: Worker, isClosing: () => boolean): RequestListener {
  const others = getRequestListener(appOf(worker).fetch)
  const { settings, intake, held, metrics, log } = worker

  const ingest = (route: Route, request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of openTo(request.headers.origin)) response.setHeader(name, value)
    const admission = intake.admit(headOf(request, route, settings.trustProxy))
    if ('status' in admission) {
      intake.note(admission)
      return dismiss(request, response, admission)
    }
    // Whoever asked whether to go on keeps the body back until it hears this.
    if (request.headers.expect !== undefined) response.writeContinue()
    metrics.requestsInFlight += 1
    receiveBody(request, settings.maxBodyBytes, held, (body) => {
      if (!Buffer.isBuffer(body)) {
        metrics.requestsInFlight -= 1
        if (body === undefined) return
        intake.note(body)
        return dismiss(request, response, body)
      }
      const answered = (answer: Answer): void => {
        metrics.requestsInFlight -= 1
        held.give(body.length)
        intake.note(answer)
        if (isClosing()) response.setHeader('Connection', 'close')
        reply(response, answer)
      }
      const failed = (error: unknown): void => {
        log.fault(error)
        answered(refuse('fault', 'this is our fault'))
      }
      try {
        const answer = intake.accept(admission, body)
        if ('status' in answer) answered(answer)
        else answer.then(answered, failed)
      } catch (error) {
        failed(error)
      }
    })
  }

  return (request, response) => {
    const route = request.method === 'POST' ? routeOf(request.url ?? '') : undefined
    if (route !== undefined) return ingest(route, request, response)
    if (isClosing()) response.setHeader('Connection', 'close')
    return void others(request, response)
  }
}

function headOf(request: IncomingMessage, route: Route, trustProxy: number): Head {
  const { headers, socket } = request
  return {
    route,
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
    contentLength: headers['content-length'],
    key: headers['x-telemetry-key'] as string | undefined,
    address: () =>
      addressOf(socket.remoteAddress, headers['x-forwarded-for'] as string | undefined, trustProxy),
  }
}
