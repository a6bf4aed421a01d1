import http, { type IncomingHttpHeaders } from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { Duplex } from 'node:stream'

import { countdown, listen } from './collector.ts'

export interface ProxyOptions {
  /** `user:password`, without which nothing goes through. */
  readonly credentials?: string
  /** Makes the way to the proxy itself TLS. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** What becomes of requests for a tunnel; they are granted unless this says otherwise. */
  readonly tunnels?: 'hang' | 'close' | { readonly raw: string; readonly open?: boolean }
}

interface Seen {
  readonly method: string
  /** `host:port` of a tunnel, the whole address otherwise. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
}

export interface TestProxy {
  readonly url: string
  readonly port: number
  readonly seen: readonly Seen[]
  /** Everything that clients sent through tunnels, as it came. */
  readonly overheard: () => Buffer
  /** Settles when so many requests have come in. */
  readonly received: (count: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** A proxy on this machine. Every name it is asked for is this machine too. */
export async function startProxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const seen: Seen[] = []
  const heard: Buffer[] = []
  const sockets = new Set<Duplex>()
  const arrivals = countdown(() => seen.length)

  const note = ({ method = '', url = '', headers }: http.IncomingMessage): void => {
    seen.push({ method, target: url, headers })
    arrivals.check()
  }
  const keep = <T extends Duplex>(socket: T): T => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const server = options.tls ? https.createServer(options.tls) : http.createServer()
  server.on('connection', keep)

  server.on('connect', (request: http.IncomingMessage, client: Duplex, head: Buffer) => {
    note(request)
    const { tunnels } = options
    if (!isWelcome(request, options)) return void client.end(unauthorized)
    if (tunnels === 'hang') return
    if (tunnels === 'close') return void client.destroy()
    if (tunnels !== undefined) {
      client.write(tunnels.raw)
      return tunnels.open ? undefined : void client.end()
    }
    const collector = keep(net.connect(portOf(request.url), '127.0.0.1'))
    collector.on('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      collector.write(head)
      client.on('data', (bytes: Buffer) => heard.push(bytes))
      client.pipe(collector).pipe(client)
    })
    collector.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    collector.on('close', () => client.destroy())
    client.on('close', () => collector.destroy())
  })

  server.on('request', (request, response) => {
    note(request)
    if (!isWelcome(request, options)) return void response.writeHead(407).end()
    const { pathname, search, port } = new URL(request.url ?? '')
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = http.request({
      host: '127.0.0.1',
      port,
      path: pathname + search,
      method: request.method,
      headers,
      agent: false,
    })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('socket', keep)
    onward.on('error', () => response.writeHead(502).end())
    request.pipe(onward)
  })

  const port = await listen(server)
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    seen,
    overheard: () => Buffer.concat(heard),
    received: arrivals.reach,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

const unauthorized =
  'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\n\r\n'

function isWelcome({ headers }: http.IncomingMessage, { credentials }: ProxyOptions): boolean {
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  return !wanted || headers['proxy-authorization'] === wanted
}

function portOf(target = ''): number {
  return Number(/:(\d+)$/.exec(target)?.[1] ?? 0)
}
