import http, {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import https from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'

/** How a collector treats a request. A number is short for an answer of that status. */
export type Behaviour =
  | number
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string | number>>
      readonly body?: string | Uint8Array
      readonly afterMs?: number
      /** Says only the status, on seeing the headers, and never reads on; not for a function. */
      readonly early?: boolean
    }
  | { readonly hang: 'before headers' | 'in headers' | 'in body'; readonly status?: number }
  /** A byte at a time, never to the end. */
  | { readonly drip: 'headers' | 'body'; readonly everyMs: number; readonly status?: number }
  /** Exactly these bytes; then the connection stays open, or ends. */
  | { readonly raw: string; readonly end?: boolean }
  | 'reset'
  | 'close'

export type Answer = Behaviour | ((request: Received) => Behaviour)

interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown
  readonly at: number
  /** Which connection it came over, counted from 1. */
  readonly connection: number
}

export interface CollectorOptions {
  readonly answer?: Answer
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly port?: number
}

export interface Collector {
  readonly url: string
  readonly port: number
  /** The requests that came in whole, delivered or not. */
  readonly events: readonly Received[]
  readonly requests: number
  /** All there ever were. */
  readonly connections: number
  /** Those open now. */
  readonly open: number
  /** The number of each connection whose client left before its last answer was sent. */
  readonly abandoned: ReadonlySet<number>
  readonly setAnswer: (answer: Answer) => void
  /** Settles when so many requests have come in. */
  readonly received: (count: number) => Promise<void>
  /** Closes all connections, as servers do with those that were idle for long. */
  readonly disconnect: () => void
  readonly stop: () => Promise<void>
}

/** A collector on this machine that does to its clients whatever a test asks for. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  let answer = options.answer ?? 204
  let requests = 0
  let connections = 0
  const events: Received[] = []
  const peers = new Map<number, Peer>()
  const abandoned = new Set<number>()
  const arrivals = countdown(() => events.length)
  const timers = new Set<NodeJS.Timeout>()

  const listener: RequestListener = (request, response) => {
    requests += 1
    const peer = peers.get(request.socket.remotePort ?? 0)
    if (!peer) return
    const treat = (text: string): void => {
      const received = describe(request, text, peer.number)
      events.push(received)
      const behaviour = typeof answer === 'function' ? answer(received) : answer
      behave(behaviour, { request, response, connection: peer.socket, timers })
      arrivals.check()
    }
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    response.on('close', () => response.writableFinished || abandoned.add(peer.number))
    if (typeof answer === 'object' && 'early' in answer && answer.early) return treat('')
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => treat(Buffer.concat(chunks).toString()))
  }

  const unlimited = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }
  const server = options.tls
    ? https.createServer({ ...options.tls, ...unlimited }, listener)
    : http.createServer(unlimited, listener)
  server.on('connection', (socket: Socket) => {
    connections += 1
    const port = socket.remotePort ?? 0
    peers.set(port, { socket, number: connections })
    socket.on('error', () => undefined)
    socket.on('close', () => peers.delete(port))
  })
  const port = await listen(server, options.port)

  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/v1/t`,
    port,
    events,
    get requests() {
      return requests
    },
    get connections() {
      return connections
    },
    get open() {
      return peers.size
    },
    abandoned,
    setAnswer: (next) => {
      answer = next
    },
    received: arrivals.reach,
    disconnect: () => destroyAll(peers),
    stop: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearInterval(timer)
        server.close(() => resolve())
        destroyAll(peers)
      }),
  }
}

export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** Waits for a number to be reached, without asking again and again. */
export function countdown(current: () => number) {
  const checks = new Set<() => void>()
  return {
    check: (): void => checks.forEach((check) => check()),
    reach: (count: number): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (current() < count) return
          checks.delete(check)
          resolve()
        }
        checks.add(check)
        check()
      }),
  }
}

interface Peer {
  /** The TCP connection, also where TLS runs over it. */
  readonly socket: Socket
  readonly number: number
}

interface Scene {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Socket
  readonly timers: Set<NodeJS.Timeout>
}

function behave(behaviour: Behaviour, { request, response, connection, timers }: Scene): void {
  const { socket } = request
  const drip = (write: () => void, everyMs: number): void => {
    const timer = setInterval(write, everyMs)
    timers.add(timer)
    socket.once('close', () => clearInterval(timer))
  }
  if (behaviour === 'reset') {
    connection.resetAndDestroy()
  } else if (behaviour === 'close') {
    connection.destroy()
  } else if (typeof behaviour === 'number') {
    response.writeHead(behaviour).end()
  } else if ('raw' in behaviour) {
    socket.write(behaviour.raw, 'latin1')
    if (behaviour.end) socket.end()
  } else if ('hang' in behaviour) {
    const { hang, status } = behaviour
    if (hang === 'in headers') socket.write(`HTTP/1.1 ${status ?? 204} Some\r\nContent-Ty`)
    if (hang === 'in body') response.writeHead(status ?? 200, { 'Content-Length': 9 }).write('part')
  } else if ('drip' in behaviour) {
    const { drip: part, everyMs, status } = behaviour
    if (part === 'headers') socket.write(`HTTP/1.1 ${status ?? 204} Some\r\n`)
    else response.writeHead(status ?? 200, { 'Content-Length': 1_000_000 }).flushHeaders()
    drip(() => (part === 'headers' ? socket.write('x') : response.write('x')), everyMs)
  } else {
    const { status, headers = {}, body = '', afterMs, early } = behaviour
    // Node's own answer would take the rest of the request off the line.
    if (early) return void socket.write(`HTTP/1.1 ${status} Early\r\nContent-Length: 0\r\n\r\n`)
    const send = (): unknown => response.writeHead(status, headers).end(body)
    if (afterMs === undefined) send()
    else timers.add(setTimeout(send, afterMs))
  }
}

function describe(request: IncomingMessage, text: string, connection: number): Received {
  const { method = '', url = '', headers } = request
  return { method, path: url, headers, text, json: parse(text), at: Date.now(), connection }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function destroyAll(peers: ReadonlyMap<number, Peer>): void {
  for (const { socket } of peers.values()) socket.destroy()
}
