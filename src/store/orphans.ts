import { readFileSync } from 'node:fs'

/**
 * For so long after a process was killed, the kernel is asked for what it has left. The kernel tries for
 * minutes only, but not while the machine sleeps, and clocks are set.
 */
export const orphanMs = 24 * 60 * 60 * 1000

/** The states of a connection that was closed with bytes left: FIN-WAIT-1, LAST-ACK and CLOSING. */
const closing = new Set(['04', '09', '0B'])

/**
 * Does the kernel still have bytes to send to this port for a process that has ended? It keeps trying for
 * minutes where nobody answers. Only Linux tells.
 */
export function orphansSendTo(port: number): boolean {
  return orphansTo(new Set([port])).length > 0
}

/**
 * Those that are still there of the connections that were `before`. One that is new is another program's,
 * if all of ours had ended by then: for a moment, most connections are among these when they are closed.
 */
export function orphansLeft(
  ports: ReadonlySet<number>,
  before: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  if (ports.size === 0) return new Set()
  return new Set(orphansTo(ports).filter((one) => before?.has(one) ?? true))
}

/** Each by its two ends. */
function orphansTo(ports: ReadonlySet<number>): readonly string[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
    try {
      return readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line) => orphanIn(line, ports))
    } catch {
      return []
    }
  })
}

function orphanIn(line: string, ports: ReadonlySet<number>): readonly string[] {
  const [, local, remote = '', state = '', queues = '', , , , , inode] = line.trim().split(/\s+/)
  const isOurs = inode === '0' && ports.has(Number.parseInt(remote.split(':')[1] ?? '', 16))
  // The end of a connection counts as one byte.
  const isSending = isOurs && closing.has(state) && Number.parseInt(queues, 16) > 1
  return isSending ? [`${local} ${remote}`] : []
}
