import type { ClientRequest } from 'node:http'
import type { LookupFunction } from 'node:net'

import {
  connectionTo,
  loadTransport,
  makeResettable,
  type Peer,
  tunnelThrough,
} from './connection.ts'
import { exchange } from './exchange.ts'
import { failed, type PostOutcome, type FailureReason, reasonOf } from './outcome.ts'
import { type Proxy, routeTo, withoutBrackets } from '../../settings/proxy.ts'

export interface HttpClientOptions {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** For everything from the name lookup to the last byte of the answer. */
  readonly timeoutMs: number
  /** How many connections there may be, and so how many posts to start at a time. */
  readonly inFlight: number
  readonly now?: () => number
  /**
   * For posts that must not keep the process alive: a name lookup that can be cancelled.
   */
  readonly background?: LookupFunction
}

export interface HttpClient {
  /**
   * Never rejects and never retries: a request that broke off may still have arrived, and only the
   * caller can repeat the event so that the collector recognizes it. `mayBegin` is called when the
   * connection stands, right before the event's bytes go to the kernel.
   */
  readonly post: (body: string | Uint8Array, mayBegin?: () => boolean) => Promise<PostOutcome>
  /**
   * Aborts posts in flight. Connections that carry an event are reset, so that the kernel sends nothing
   * of it later. The process may end.
   */
  readonly close: () => void
}

export function openHttpClient(options: HttpClientOptions): HttpClient {
  const { timeoutMs, now = Date.now } = options
  const underWay: ((reason: FailureReason) => void)[] = []
  let closed = false
  const opening = open(options).catch(reasonOf)
  return {
    post: async (body, mayBegin = always) => {
      const line = await opening
      if (closed) return failed('closed')
      if (typeof line === 'string') return failed(line)
      return await exchange(line, body, {
        mayBegin,
        timeoutMs,
        now,
        underWay,
        background: options.background !== undefined,
      })
    },
    close: () => {
      closed = true
      for (const giveUp of underWay.slice()) giveUp('closed')
      void opening.then((line) => typeof line === 'string' || line.close())
    },
  }
}

const always = (): boolean => true

/** Starts loading the modules while the caller reads its first event. */
async function open(options: HttpClientOptions): Promise<Endpoint | FailureReason> {
  if (!URL.canParse(options.endpoint)) return 'invalid request'
  const endpoint = new URL(options.endpoint)
  if (!/^https?:$/.test(endpoint.protocol)) return 'invalid request'
  const route = routeTo(endpoint, options.env)
  if (route.kind === 'unusable') return 'proxy unusable'
  return await openEndpoint(endpoint, route.kind === 'proxy' ? route.proxy : undefined, options)
}

/** One endpoint, with kept-alive connections. */
export interface Endpoint {
  /** Throws if the address or the headers are not valid in a request. */
  readonly start: (length: number) => ClientRequest
  readonly close: () => void
}

export interface ConnectionTerms {
  readonly headers: Readonly<Record<string, string>>
  readonly inFlight: number
  readonly timeoutMs: number
  readonly background?: LookupFunction | undefined
}

export async function openEndpoint(
  endpoint: URL,
  proxy: Proxy | undefined,
  terms: ConnectionTerms,
): Promise<Endpoint> {
  const target = peerOf(endpoint)
  // For plain http, the request to the proxy contains the whole address.
  const plainProxy = target.secure ? undefined : proxy
  const peer = plainProxy ?? target
  const { Agent, request } = await loadTransport(peer.secure)
  const connection = connectionTo(peer)
  const agent = new Agent({ keepAlive: true, maxSockets: terms.inFlight })
  if (peer.secure) makeResettable(agent)
  const authority = `${endpoint.hostname}:${target.port}`
  const cancelTunnels =
    target.secure && proxy ? await tunnelThrough(agent, proxy, { authority, ...terms }) : undefined
  const path = endpoint.pathname + endpoint.search
  const options = {
    ...connection,
    agent,
    method: 'POST',
    ...(terms.background && { lookup: terms.background }),
    path: plainProxy ? `http://${endpoint.host}${path}` : path,
  }
  const headers = {
    ...terms.headers,
    ...(plainProxy?.authorization && { 'Proxy-Authorization': plainProxy.authorization }),
    Host: endpoint.host,
    'Content-Type': 'application/json',
  }
  return {
    start: (length) => {
      const started = request({ ...options, headers: { ...headers, 'Content-Length': length } })
      if (terms.background) started.on('socket', (socket) => socket.unref())
      return started
    },
    close: () => {
      agent.destroy()
      cancelTunnels?.()
    },
  }
}

function peerOf({ hostname, port, protocol }: URL): Peer {
  const secure = protocol === 'https:'
  return { host: withoutBrackets(hostname), port: Number(port || (secure ? 443 : 80)), secure }
}
