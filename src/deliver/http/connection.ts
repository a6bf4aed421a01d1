import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { AgentOptions, RequestOptions } from 'node:https'
import { connect as connectTcp, isIP, Socket, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'

import { fault, type FailureReason, reasonOf } from './outcome.ts'
import type { Proxy } from '../../settings/proxy.ts'

/** What we use of both node:http and node:https. */
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

/** Loaded on the first send. Most runs send nothing, and most need only one of the two. */
export async function loadTransport(secure: boolean): Promise<Transport> {
  return secure ? await import('node:https') : await import('node:http')
}

export function connectionTo({ host, port }: Peer) {
  return {
    host,
    port,
    // By default Node takes it from the Host header, which behind a proxy names another host.
    servername: isIP(host) === 0 ? host : '',
    // A variable in the user's shell must not expose the key and the events to everyone.
    rejectUnauthorized: true,
  }
}

/** The TCP connections under those that are encrypted; only TCP can be reset. */
const underneath = new WeakMap<Duplex, Socket>()

/** Makes the agent use TLS over TCP connections that we keep, so that they can be reset. */
export function makeResettable(agent: Agent): void {
  // Bun makes its own connections and does not expose them.
  if (process.versions['bun'] !== undefined) return
  const encrypt = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    const { host, port, lookup, socket: given } = options as TcpNetConnectOpts & { socket?: Duplex }
    const socket = given ?? connectTcp({ host, port, lookup } as TcpNetConnectOpts)
    const secure = encrypt({ ...options, socket } as typeof options, done) as Duplex
    if (socket instanceof Socket) underneath.set(secure, underneath.get(socket) ?? socket)
    return secure
  }
}

/** Ends a connection so that neither we nor the kernel send more of what was written to it. */
export function reset(connection: Duplex): void {
  const socket = underneath.get(connection) ?? connection
  try {
    // Without the reset it would wait until everything was sent.
    if (socket instanceof Socket && !socket.connecting) socket.resetAndDestroy()
  } catch {
    // Not TCP, or closed by now.
  }
  socket.destroy()
  connection.destroy()
}

/** Calls back when the next byte written to this connection would go to its other end. */
export function whenConnected(connection: Duplex, ready: () => void): void {
  const { connecting, secureConnecting } = connection as Socket & { secureConnecting?: boolean }
  if (secureConnecting) connection.once('secureConnect', ready)
  else if (connecting) connection.once('connect', ready)
  else ready()
}

export interface TunnelTerms {
  /** `host:port`, the only thing that the proxy learns about the traffic. */
  readonly authority: string
  readonly timeoutMs: number
}

/** Makes the agent's connections start inside a tunnel. Returns a function that ends unfinished tunnels. */
export async function tunnelThrough(
  agent: Agent,
  proxy: Proxy,
  terms: TunnelTerms,
): Promise<() => void> {
  const { Agent: ProxyAgent, request } = await loadTransport(proxy.secure)
  const digging = new Set<ClientRequest>()
  const agentFor = ({ secure }: Proxy): Agent => {
    const own = new ProxyAgent({})
    if (secure) makeResettable(own)
    return own
  }
  const encrypt = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    const connect = request({
      ...connectionTo(proxy),
      agent: agentFor(proxy),
      method: 'CONNECT',
      path: terms.authority,
      headers: {
        Host: terms.authority,
        Connection: 'keep-alive',
        ...(proxy.authorization && { 'Proxy-Authorization': proxy.authorization }),
      },
    })
    digging.add(connect)
    dig(connect, terms.timeoutMs, (error, socket) => {
      digging.delete(connect)
      if (socket) done?.(null, encrypt({ ...options, socket } as typeof options) as Duplex)
      else done?.(error, undefined as never)
    })
    return undefined
  }
  return () => {
    for (const connect of digging) connect.destroy(fault('closed'))
  }
}

function dig(
  connect: ClientRequest,
  timeoutMs: number,
  done: (error: Error | null, socket?: Duplex) => void,
): void {
  const timer = setTimeout(() => connect.destroy(fault('timeout')), timeoutMs)
  connect.once('connect', (response: IncomingMessage, socket: Duplex, early: Buffer) => {
    clearTimeout(timer)
    const refusal = refusalIn(response.statusCode ?? 0, early)
    if (refusal === undefined) return done(null, letGo(socket))
    socket.destroy()
    done(fault(refusal))
  })
  connect.once('error', (error) => {
    clearTimeout(timer)
    done(fault(inFrontOf(reasonOf(error))))
  })
  connect.end()
}

/**
 * During a post, its deadline keeps the process alive. Not every runtime tells this connection that
 * the encrypted one inside it is idle.
 */
function letGo(socket: Duplex): Duplex {
  if (socket instanceof Socket) socket.unref()
  return socket
}

function refusalIn(status: number, early: Buffer): FailureReason | undefined {
  if (status === 407) return 'proxy authentication'
  // In TLS the server never speaks first, so these bytes are the proxy's own.
  return status === 200 && early.length === 0 ? undefined : 'proxy refused'
}

const unreachable: ReadonlySet<FailureReason> = new Set([
  'refused',
  'reset',
  'unreachable',
  'name not found',
  'protocol',
  'network',
])

function inFrontOf(reason: FailureReason): FailureReason {
  return unreachable.has(reason) ? 'proxy unreachable' : reason
}
