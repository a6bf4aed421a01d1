import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import { type Answer, refuse } from '../intake/answer.ts'
import { limits } from '../limits.ts'
import type { Worker } from '../worker.ts'
import { outgoingOf } from './answer-request.ts'
import { listenerOf } from './node-listener.ts'
import { openPlainConnections } from './plain-connections.ts'

export interface Server {
  readonly port: number
  /** Takes no new requests and finishes those in flight, up to the shutdown limit. */
  readonly close: () => Promise<void>
}

export interface Patience {
  readonly headersMs: number
  readonly requestMs: number
  readonly checkMs: number
  readonly silenceMs: number
  readonly keepAliveMs: number
  readonly connections: number
  readonly shutdownMs: number
}

export async function openServer(worker: Worker, patience: Patience = limits): Promise<Server> {
  let closing = false
  const isClosing = (): boolean => closing
  const listener = listenerOf(worker, isClosing)
  const server = http.createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      keepAliveTimeout: patience.keepAliveMs,
      // Without this, Node checks the two timeouts above only every 30 seconds.
      connectionsCheckingInterval: patience.checkMs,
    },
    listener,
  )
  // Even an idle connection takes about 12 kB.
  server.maxConnections = patience.connections
  // A client that never reads our answers must not keep the connection for ever.
  server.timeout = patience.silenceMs
  server.on('checkContinue', listener)
  const turnAway = ({ code }: Pick<NodeJS.ErrnoException, 'code'>, socket: Socket): void => {
    const answer = answerTo(code)
    // Any other error is a broken connection.
    if (answer === undefined) return void socket.destroy()
    worker.intake.note(answer)
    hangUp(socket, answer)
  }
  server.on('clientError', turnAway)
  // Node takes a connection over with the first request that isn't plain.
  const [takeOver] = server.listeners('connection') as [(this: http.Server, socket: Socket) => void]
  server.removeAllListeners('connection')
  const plain = openPlainConnections(worker, {
    patience,
    isClosing,
    late: (socket) => turnAway({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, socket),
    readOn: (socket, bytes) => {
      takeOver.call(server, socket)
      socket.unshift(bytes)
    },
  })
  server.on('connection', plain.take)
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
      plain.endIdle()
      await Promise.race([closed.then(() => worker.close()), late])
      stop()
      // Clients still waiting have no 204, so they send their events again.
      server.closeAllConnections()
      plain.destroyAll()
    },
  }
}

/** Answers what Node rejects before there is a request. */
function answerTo(code = ''): Answer | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse('timeout', 'that took too long')
  if (code === 'HPE_HEADER_OVERFLOW') return refuse('header', 'the headers are too large')
  return code.startsWith('HPE_') ? refuse('http', 'this is not HTTP as we know it') : undefined
}

/** A client that doesn't read the answer, or goes on sending, still loses the connection. */
function hangUp(socket: Socket, answer: Answer): void {
  if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy()
  const { text } = outgoingOf(answer)
  const head = [
    `HTTP/1.1 ${answer.status} ${http.STATUS_CODES[answer.status]}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
  const timer = setTimeout(() => socket.destroy(), limits.lingerMs)
  socket.on('close', () => clearTimeout(timer))
}

function timeOut(ms: number): { promise: Promise<void>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return { promise, stop: () => clearTimeout(timer) }
}
