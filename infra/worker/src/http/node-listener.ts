import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

import { limits } from '../limits.ts'
import type { Worker } from '../worker.ts'
import { answerRequest, type Incoming, type Outgoing } from './answer-request.ts'
import { readNodeBody } from './body.ts'

/** Connects Node's server to `answerRequest`. */
export function listenerOf(worker: Worker, isClosing: () => boolean): RequestListener {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const outgoing = await answerRequest(worker, incomingOf(request, response))
    if (outgoing === undefined) return
    if (isClosing()) response.setHeader('Connection', 'close')
    if (isRead(request)) send(response, outgoing)
    else sendEarly(request, response, outgoing)
  }
  return (request, response) => void respond(request, response)
}

function incomingOf(request: IncomingMessage, response: ServerResponse): Incoming {
  const { method = '', url = '', headers, socket } = request
  return {
    method,
    url,
    header: (name) => headers[name] as string | undefined,
    peer: socket.remoteAddress,
    readBody: (allowance) => {
      // A client that sent `Expect: 100-continue` holds the body back until it hears this.
      if (headers.expect !== undefined) response.writeContinue()
      return readNodeBody(request, allowance)
    },
  }
}

function isRead({ complete, headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
  return complete || (length === '0' && encoding === undefined)
}

function send(response: ServerResponse, { status, headers, text }: Outgoing): void {
  if (status === 204) response.writeHead(status, headers).end()
  else
    response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) }).end(text)
}

/**
 * Answers before the whole request has arrived. Closing the connection at once would destroy the answer
 * on its way to a client that is still sending, so we let it send for a moment and discard that.
 */
function sendEarly(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, text }: Outgoing,
): void {
  response.writeHead(status, {
    ...headers,
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  })
  response.write(text)
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, limits.lingerMs)
  request.on('end', end)
  request.on('close', end)
  request.resume()
}
