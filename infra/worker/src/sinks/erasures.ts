import type { Sink } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import type { Tombstones } from './tombstones.ts'

export interface Erasures {
  readonly close: () => Promise<void>
}

/**
 * Has each sink that can delete whatever the tombstones name: at the start and every hour, so that a
 * sink that was away is asked again. A sink in which nothing is left only answers a count.
 */
export function openErasures(
  sinks: readonly Pick<Sink, 'erase'>[],
  tombstones: Tombstones,
  note: (message: string) => void,
  everyMs: number = limits.erasures.everyMs,
): Erasures {
  const sweep = async (): Promise<void> => {
    try {
      await tombstones.catchUp()
    } catch {
      return note('the tombstones can not be read; nothing was erased')
    }
    await tombstones.share?.().catch(() => note('not all tombstones are in the buffer yet'))
    const ids = tombstones.ids()
    for (const { erase } of sinks) {
      for (let first = 0; first < ids.length; first += limits.erasures.atOnce) {
        const trouble = await erase?.(ids.slice(first, first + limits.erasures.atOnce))
        if (trouble !== undefined) note(`not erased yet: ${trouble.cause}`)
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
      await going
    },
  }
}
