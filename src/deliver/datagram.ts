import { splitAddress } from '../settings/address.ts'
import type { LookUp } from './name-lookup.ts'

/** What fits through every network in one piece. */
const largest = 1200

export interface Datagrams {
  /** Best effort: nobody will ever know. Events that do not fit into one datagram are not sent. */
  readonly send: (bytes: string) => void
  readonly close: () => void
}

export async function openDatagrams(address: string, { lookup }: LookUp): Promise<Datagrams> {
  const { createSocket } = await import('node:dgram')
  const { isIPv6 } = await import('node:net')
  const { host, port } = splitAddress(address)
  // Bound to the family of the address, which is known once the name is.
  let socket: ReturnType<typeof createSocket> | undefined
  let closed = false
  const opening = new Promise<string | undefined>((resolve) => {
    lookup(host, { all: false }, (error, found) => {
      resolve(error === null && typeof found === 'string' ? found : undefined)
    })
  })
  const send = async (bytes: string): Promise<void> => {
    const target = await opening
    if (target === undefined || closed) return
    socket ??= createSocket(isIPv6(target) ? 'udp6' : 'udp4')
    socket.on('error', () => undefined)
    socket.unref()
    socket.send(bytes, port, target, () => undefined)
  }
  return {
    send: (bytes) => {
      if (Buffer.byteLength(bytes) <= largest) send(bytes).catch(() => undefined)
    },
    close: () => {
      closed = true
      socket?.close()
    },
  }
}
