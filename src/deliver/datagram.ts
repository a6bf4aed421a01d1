import type { Socket } from 'node:dgram'
import type { LookupFunction } from 'node:net'

import { splitAddress } from '../settings/address.ts'

/** The largest datagram that every network carries unfragmented. */
const largest = 1200

export interface Datagrams {
  /**
   * Best effort: there is no answer. Events that do not fit into one datagram are not sent. `mayBegin`
   * is called right before the bytes go to the kernel. Resolves to true once they have.
   */
  readonly send: (bytes: string, mayBegin: () => boolean) => Promise<boolean>
  readonly close: () => void
}

export async function openDatagrams(address: string, lookup: LookupFunction): Promise<Datagrams> {
  const { createSocket } = await import('node:dgram')
  const { isIPv6 } = await import('node:net')
  const { host, port } = splitAddress(address)
  let socket: Socket | undefined
  let isClosed = false

  const find = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      lookup(host, { all: false }, (error, found) => {
        resolve(error === null && typeof found === 'string' ? found : undefined)
      })
    })
  const prepare = async (): Promise<string | undefined> => {
    const target = await find()
    if (target === undefined || isClosed) return undefined
    const family = isIPv6(target) ? 6 : 4
    const bound = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // The target is already an IP address. Node's own lookup of it would delay each send.
      lookup: (given, _, done) => done(null, given, family),
    })
    socket = bound
    bound.unref()
    await new Promise<void>((resolve) => {
      bound.on('error', () => resolve())
      bound.bind(0, () => resolve())
    })
    return target
  }
  const opening = prepare()
  return {
    send: async (bytes, mayBegin) => {
      if (Buffer.byteLength(bytes) > largest) return false
      const target = await opening
      const open = socket
      if (target === undefined || open === undefined || isClosed || !mayBegin()) return false
      return await new Promise((resolve) => {
        open.send(bytes, port, target, (error) => resolve(error === null))
      })
    },
    close: () => {
      isClosed = true
      try {
        socket?.close()
      } catch {
        // It is already closed.
      }
    },
  }
}
