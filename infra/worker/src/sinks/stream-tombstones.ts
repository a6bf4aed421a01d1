import type { ErasedStream } from 'runmat-telemetry-buffer/erased'
import type { Erasure } from 'runmat-telemetry-common/events/erasure'

import { dayOf } from './segment-names.ts'
import { erasureIn, openStones, stoneLines } from './stones.ts'
import type { Tombstones } from './tombstones.ts'

/** How old the last look at the stream may be. 0 looks each time. */
interface Staleness {
  readonly staleMs: number
}

/** Ids in one message, which stays far below the servers' largest. */
const perMessage = 500

/**
 * Tombstones on the buffer's servers, so that every worker knows them, whichever received the request.
 * Those of the stream are copied to the disk, if there is one, for `runmat-telemetry-report erase`. Those
 * that were on the disk before there was a buffer are published, because other workers lack that disk.
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

  const publish = async (erasure: Erasure): Promise<void> => {
    // Without anything new: what is known of the stream is on a majority of its servers.
    const lines = stoneLines(erasure, dayOf(Date.now()))
    if (lines === '') return
    await stream.publish(lines)
    known.add(erasure)
  }
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
    add: publish,
    unknownIn: known.unknownIn,
    covers: (event) => known.covers(event) || (onDisk?.covers(event) ?? false),
    ids: () => [...new Set([...known.ids(), ...(onDisk?.ids() ?? [])])],
    clients: async () => {
      await catchUp()
      return new Set([...known.clients, ...((await onDisk?.clients()) ?? [])])
    },
    catchUp,
    share: async () => {
      await catchUp()
      if (onDisk === undefined) return
      const ids = await onDisk.clients()
      const onlyHere = known.unknownIn({
        clients: [...ids],
        events: onDisk.ids().filter((id) => !ids.has(id)),
      })
      for (const clients of inParts(onlyHere.clients)) await publish({ clients, events: [] })
      for (const events of inParts(onlyHere.events)) await publish({ clients: [], events })
    },
    close: async () => await onDisk?.close(),
  }
}

function inParts(ids: readonly string[]): readonly (readonly string[])[] {
  const starts = Array.from({ length: Math.ceil(ids.length / perMessage) }, (_, at) => at)
  return starts.map((at) => ids.slice(at * perMessage, (at + 1) * perMessage))
}
