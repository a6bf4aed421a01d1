import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate as nextRound } from 'node:timers/promises'

export type Family = 'ipv4' | 'ipv6'

export interface Receiver {
  readonly port: number
  readonly families: readonly Family[]
  /** What the kernel granted each socket. */
  readonly bufferBytes: Readonly<Partial<Record<Family, number>>>
  /** Reads what the kernel still holds, then closes. */
  readonly close: () => Promise<void>
}

const sockets = {
  ipv4: { options: { type: 'udp4' }, address: '0.0.0.0' },
  ipv6: { options: { type: 'udp6', ipv6Only: true }, address: '::' },
} as const

/** The errors of machines without IPv6. */
const noSuchFamily = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT'])

/** A sender that never pauses must not keep us from stopping. */
const lastReadMs = 500

/**
 * Opens one socket per family. It passes on what arrives and forgets where it came from. No code here
 * sends anything, so no sender can make it answer.
 */
export async function receive(
  port: number,
  bufferBytes: number,
  onDatagram: (bytes: Buffer, family: Family) => void,
): Promise<Receiver> {
  let arrived = 0
  const open = new Map<Family, Socket>()
  const listen = async (family: Family, at: number): Promise<void> => {
    const { options, address } = sockets[family]
    const socket = createSocket({ ...options, recvBufferSize: bufferBytes })
    socket.on('message', (bytes) => {
      arrived += 1
      onDatagram(bytes, family)
    })
    socket.bind(at, address)
    await once(socket, 'listening').catch((error: unknown) => {
      socket.close()
      throw error
    })
    // An error with one datagram is no reason to stop listening.
    socket.on('error', () => undefined)
    open.set(family, socket)
  }

  await listen('ipv4', port)
  const bound = open.get('ipv4')?.address().port ?? port
  try {
    await listen('ipv6', bound)
  } catch (error) {
    if (!noSuchFamily.has((error as NodeJS.ErrnoException).code ?? '')) {
      open.get('ipv4')?.close()
      throw error
    }
  }

  return {
    port: bound,
    families: [...open.keys()],
    bufferBytes: Object.fromEntries(
      [...open].map(([family, socket]) => [family, grantedTo(socket)]),
    ),
    close: async () => {
      const end = performance.now() + lastReadMs
      let before = -1
      while (arrived !== before && performance.now() < end) {
        before = arrived
        // Between two of these, every socket with data is read.
        await nextRound()
        await nextRound()
      }
      for (const socket of open.values()) socket.close()
    },
  }
}

/** Linux grants and reports twice what was asked for, for its own bookkeeping. */
function grantedTo(socket: Socket): number {
  const size = socket.getRecvBufferSize()
  return process.platform === 'linux' ? size / 2 : size
}
