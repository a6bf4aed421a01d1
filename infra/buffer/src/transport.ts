import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'

import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from '@nats-io/transport-node'
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js'

/**
 * The library keeps the socket of an attempt that timed out. A server that is frozen or cut off would
 * collect one every few seconds, and each keeps our process from ending.
 */
class ClosingTransport extends NodeTransport {
  override async dial({ hostname, port }: { hostname: string; port: number }): Promise<Socket> {
    this.socket = createConnection(port, hostname).setNoDelay(true)
    await once(this.socket, 'connect')
    return this.socket
  }

  override async close(error?: Error): Promise<void> {
    await super.close(error)
    if (!this.connected) this.discard()
  }
}

/** What the library's own `connect` does, with that transport. */
export function connectClosing(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({
    factory: () => new ClosingTransport(),
    dnsResolveFn: nodeResolveHost,
  })
  return NatsConnectionImpl.connect(options)
}
