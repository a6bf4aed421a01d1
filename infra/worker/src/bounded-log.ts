import type { Writable } from 'node:stream'

import { limits } from './limits.ts'
import type { LogDestination } from './log.ts'

/** A log whose reader stalls must not fill the memory: lines that don't fit are lost, and counted. */
export function boundedTo(
  stream: Pick<Writable, 'writableLength' | 'write'>,
  most: number = limits.logBytes,
  now: () => number = Date.now,
): LogDestination {
  let lost = 0
  return {
    write: (line) => {
      if (stream.writableLength > most) {
        lost += 1
        return
      }
      if (lost > 0) {
        const time = new Date(now()).toISOString()
        stream.write(`${JSON.stringify({ level: 40, time, lines: lost, msg: 'log lines lost' })}\n`)
        lost = 0
      }
      stream.write(line)
    },
  }
}
