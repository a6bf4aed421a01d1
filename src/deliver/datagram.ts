import type { Socket } from 'node:dgram'
import type { LookupFunction } from 'node:net'

import { splitAddress } from '../settings/address.ts'

/** The largest datagram that every network carries unfragmented. */
const largest = 1200

export interface Datagrams {
  /**
   * Best effort: there is no answer. Events that do not fit into one datagram are not sent. `mayBegin`
   * is called right before the bytes go to the kernel.
   */
  readonly send: (bytes: string, mayBegin: () => boolean) => Promise<void>
  /** May the kernel have something that it can't send yet? Only Linux tells. */
  readonly areHeld: () => Promise<boolean>
  readonly close: () => void
}

/** How many bytes the kernel has left to send from the socket. */
async function queuedIn(socket: Socket): Promise<number> {
  const { port, family } = socket.address()
  const number = port.toString(16).toUpperCase().padStart(4, '0')
  const { readFile } = await import('node:fs/promises')
  const table = await readFile(`/proc/net/udp${family === 'IPv6' ? '6' : ''}`, 'latin1').catch(
    () => '',
  )
  const [, queued = '0'] = new RegExp(`: \\w+:${number} \\w+:\\w+ \\w+ (\\w+):`).exec(table) ?? []
  return Number.parseInt(queued, 16)
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
    const isBound = await new Promise<boolean>((resolve) => {
      bound.on('error', () => resolve(false))
      bound.bind(0, () => resolve(true))
    })
    if (isBound) return target
    // Its sends would never end.
    bound.close()
    socket = undefined
    return undefined
  }
  const opening = prepare()
  return {
    send: async (bytes, mayBegin) => {
      if (Buffer.byteLength(bytes) > largest) return
      const target = await opening
      const open = socket
      if (target === undefined || open === undefined || isClosed || !mayBegin()) return
      await new Promise<void>((resolve) => {
        open.send(bytes, port, target, () => resolve())
      })
    },
    areHeld: async () => socket !== undefined && (isClosed || (await queuedIn(socket)) > 0),
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
