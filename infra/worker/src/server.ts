import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import { type Answer, refuse } from './answer.ts'
import { limits } from './limits.ts'
import { listenerOf } from './listener.ts'
import { textOf } from './reply.ts'
import type { Worker } from './worker.ts'

export interface Server {
  readonly port: number
  /** Takes nothing new, finishes what is in flight, and gives up on it when it takes too long. */
  readonly close: () => Promise<void>
}

export interface Patience {
  readonly headersMs: number
  readonly requestMs: number
  readonly checkMs: number
  readonly silenceMs: number
  readonly connections: number
  readonly shutdownMs: number
}

export async function openServer(worker: Worker, patience: Patience = limits): Promise<Server> {
  let closing = false
  const listener = listenerOf(worker, () => closing)
  const server = http.createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      // Without it the two timeouts above are looked at every 30 seconds only.
      connectionsCheckingInterval: patience.checkMs,
    },
    listener,
  )
  // Each takes some 12 kB, also one that says nothing.
  server.maxConnections = patience.connections
  // Who does not read our answers must not keep them, and the connection, for ever.
  server.timeout = patience.silenceMs
  server.on('checkContinue', listener)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const answer = answerTo(error.code)
    // Anything else than these is a connection that broke.
    if (answer === undefined) return void socket.destroy()
    worker.intake.note(answer)
    hangUp(socket, answer)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(worker.settings.port, worker.settings.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      closing = true
      const { promise: late, stop } = timeOut(patience.shutdownMs)
      const closed = new Promise((resolve) => server.close(resolve))
      await Promise.race([closed.then(() => worker.close()), late])
      stop()
      // Whoever still waits was promised nothing, and comes again.
      server.closeAllConnections()
    },
  }
}

/** What Node itself finds wrong, before there is a request. */
function answerTo(code = ''): Answer | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse('timeout', 'that took too long')
  if (code === 'HPE_HEADER_OVERFLOW') return refuse('header', 'the headers are too large')
  return code.startsWith('HPE_') ? refuse('http', 'this is not HTTP as we know it') : undefined
}

function hangUp(socket: Socket, answer: Answer): void {
  if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy()
  const body = textOf(answer)
  const head = [
    `HTTP/1.1 ${answer.status} ${http.STATUS_CODES[answer.status]}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function timeOut(ms: number): { promise: Promise<void>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return { promise, stop: () => clearTimeout(timer) }
}
