import type { Sink } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import type { Tombstones } from './tombstones.ts'

export interface Erasures {
  readonly close: () => Promise<void>
}

/**
 * Has each sink that can delete whatever the tombstones name: at the start, every hour, and soon again
 * after trouble. A sink in which nothing is left only answers a count.
 */
export function openErasures(
  sinks: readonly Pick<Sink, 'erase'>[],
  tombstones: Tombstones,
  note: (message: string) => void,
  everyMs: number = limits.erasures.everyMs,
): Erasures {
  let soon: NodeJS.Timeout | undefined
  const postpone = (message: string): void => {
    note(message)
    soon ??= setTimeout(() => {
      soon = undefined
      begin()
    }, limits.erasures.againMs).unref()
  }
  const sweep = async (): Promise<void> => {
    try {
      await tombstones.catchUp()
    } catch {
      return postpone('the tombstones can not be read; nothing was erased')
    }
    await tombstones.share?.().catch(() => postpone('not all tombstones are in the buffer yet'))
    const ids = tombstones.ids()
    for (const { erase } of sinks) {
      for (let first = 0; first < ids.length; first += limits.erasures.atOnce) {
        const trouble = await erase?.(ids.slice(first, first + limits.erasures.atOnce))
        if (trouble !== undefined) postpone(`not erased yet: ${trouble.cause}`)
      }
    }
  }
  let going: Promise<void> | undefined
  let isClosed = false
  const begin = (): void => {
    if (!isClosed) going = (going ?? Promise.resolve()).then(sweep)
  }
  void tombstones.ready.then(begin)
  const timer = setInterval(begin, everyMs).unref()
  return {
    close: async () => {
      isClosed = true
      clearInterval(timer)
      clearTimeout(soon)
      await going
    },
  }
}
