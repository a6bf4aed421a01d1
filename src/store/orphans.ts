import { readFileSync } from 'node:fs'

/** The kernel does not try for longer to send what a process has left. */
export const orphanMs = 15 * 60 * 1000

/** The states of a connection that was closed with bytes left: FIN-WAIT-1, LAST-ACK and CLOSING. */
const closing = new Set(['04', '09', '0B'])

/**
 * Does the kernel still have bytes to send to this port for a process that has ended? It keeps trying for
 * minutes where nobody answers. Only Linux tells.
 */
export function orphansSendTo(port: number): boolean {
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((file) => {
    try {
      return readFileSync(file, 'utf8')
        .split('\n')
        .some((line) => isSending(line, port))
    } catch {
      return false
    }
  })
}

function isSending(line: string, port: number): boolean {
  const [, , remote = '', state = '', queues = '', , , , , inode] = line.trim().split(/\s+/)
  const isOurs = Number.parseInt(remote.split(':')[1] ?? '', 16) === port && inode === '0'
  // The end of a connection counts as one byte.
  return isOurs && closing.has(state) && Number.parseInt(queues, 16) > 1
}
