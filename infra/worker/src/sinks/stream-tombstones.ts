import type { ErasedStream } from 'runmat-telemetry-buffer/erased'

import { dayOf } from './segment-names.ts'
import { erasureIn, openStones, stoneLines } from './stones.ts'
import type { Tombstones } from './tombstones.ts'

/** How old the last look at the stream may be. 0 looks each time. */
interface Staleness {
  readonly staleMs: number
}

/**
 * Tombstones on the buffer's servers, so that every worker knows them, whichever received the request.
 * Those of the stream are copied to the disk, if there is one, for `runmat-telemetry-report erase`.
 */
export function streamTombstones(
  stream: ErasedStream,
  onDisk: Tombstones | undefined,
  { staleMs }: Staleness = { staleMs: 0 },
): Tombstones {
  const known = openStones()
  let lookedAt = -Infinity
  /** Learned from the stream and perhaps not on the disk yet. */
  let uncopied = ''
  let catching: Promise<unknown> = Promise.resolve()

  const copy = async (): Promise<void> => {
    if (onDisk === undefined) return
    await onDisk.catchUp()
    const missing = onDisk.unknownIn(erasureIn(uncopied))
    if (missing.clients.length + missing.events.length > 0) await onDisk.add(missing)
    uncopied = ''
  }
  const look = async (): Promise<void> => {
    if (performance.now() - lookedAt < staleMs) return
    const startedAt = performance.now()
    const news = await stream.news()
    known.learn(news)
    if (onDisk !== undefined) uncopied += news
    await copy()
    lookedAt = startedAt
  }
  const catchUp = async (): Promise<void> => {
    const next = catching.then(look)
    catching = next.catch(() => undefined)
    await next
  }
  return {
    ready: stream.ready,
    add: async (erasure) => {
      // Without anything new: what is known of the stream is on a majority of its servers.
      const lines = stoneLines(erasure, dayOf(Date.now()))
      if (lines === '') return
      await stream.publish(lines)
      known.add(erasure)
    },
    unknownIn: known.unknownIn,
    covers: (event) => known.covers(event) || (onDisk?.covers(event) ?? false),
    ids: () => [...new Set([...known.ids(), ...(onDisk?.ids() ?? [])])],
    clients: async () => {
      await catchUp()
      return new Set([...known.clients, ...((await onDisk?.clients()) ?? [])])
    },
    catchUp,
    close: async () => await onDisk?.close(),
  }
}
