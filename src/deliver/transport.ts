import type { Agent, ClientRequest } from 'node:http'
import type { AgentOptions, RequestOptions } from 'node:https'
import { isIP } from 'node:net'

/** What we use of node:http and node:https alike. */
export interface Transport {
  readonly Agent: new (options: AgentOptions) => Agent
  readonly request: (options: RequestOptions) => ClientRequest
}

/** One end of a connection: the collector, or a proxy before it. */
export interface Peer {
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

/** Loaded when there is something to send: most runs send nothing, and most sends are not both. */
export async function loadTransport(secure: boolean): Promise<Transport> {
  return secure ? await import('node:https') : await import('node:http')
}

export function connectionTo({ host, port }: Peer) {
  return {
    host,
    port,
    // Otherwise taken from the Host header, which behind a proxy is somebody else's.
    servername: isIP(host) === 0 ? host : '',
    // A variable in the user's shell must not open the key and the events to everyone.
    rejectUnauthorized: true,
  }
}
