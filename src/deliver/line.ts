import type { ClientRequest } from 'node:http'
import type { LookupFunction } from 'node:net'

import { type Proxy, withoutBrackets } from './proxy.ts'
import { connectionTo, loadTransport, type Peer } from './transport.ts'
import { tunnelThrough } from './tunnel.ts'

/** The way to one endpoint, over connections that are used again and again. */
export interface Line {
  /** Throws when the address or the headers cannot stand in a request. */
  readonly start: (length: number) => ClientRequest
  readonly close: () => void
}

export interface LineTerms {
  readonly headers: Readonly<Record<string, string>>
  readonly inFlight: number
  readonly timeoutMs: number
  readonly background?: LookupFunction | undefined
}

export async function openLine(
  endpoint: URL,
  proxy: Proxy | undefined,
  terms: LineTerms,
): Promise<Line> {
  const target = peerOf(endpoint)
  // In plain http the proxy is simply asked for the whole address.
  const plainProxy = target.secure ? undefined : proxy
  const peer = plainProxy ?? target
  const { Agent, request } = await loadTransport(peer.secure)
  const connection = connectionTo(peer)
  const agent = new Agent({ keepAlive: true, maxSockets: terms.inFlight })
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
