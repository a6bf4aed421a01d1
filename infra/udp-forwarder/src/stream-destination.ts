import { openIngest } from 'runmat-telemetry-buffer/ingest'
import type { BufferSettings } from 'runmat-telemetry-buffer/settings'
import { type Event, everyKind } from 'runmat-telemetry-common/events/event'
import { readEvent } from 'runmat-telemetry-common/events/reader'

import { decideLines, type Line } from './batch-decision.ts'
import type { Destination } from './destination.ts'

/**
 * Publishes batches to the buffer's stream without a worker in between. Events pass the same checks as
 * in a worker, so the stream holds valid events whichever way they came.
 */
export function openStreamDestination(
  settings: BufferSettings,
  note: (message: string) => void,
): Destination {
  const { sink } = openIngest(settings, note)
  return {
    deliver: async (body, lines) => {
      const valid: { readonly line: number; readonly event: Event }[] = []
      const open: Line[] = []
      for (const [index, text] of textOf(body).split('\n').entries()) {
        const line = index + 1
        const reading = text === '' ? undefined : readEvent(text, everyKind)
        if (reading === undefined) continue
        if ('event' in reading) valid.push({ line, event: reading.event })
        else open.push({ line, status: 400 })
      }
      if (valid.length > 0) {
        const { outcomes } = await sink.store(valid.map(({ event }) => event))
        for (const [index, { line }] of valid.entries()) {
          if (outcomes[index] !== 'stored') open.push({ line, status: 503 })
        }
      }
      if (open.length === 0) return { decision: { kind: 'stored' }, reason: '' }
      const isAnyStored = open.length < lines
      return { decision: decideLines(open), reason: `status ${isAnyStored ? 207 : 503}` }
    },
    close: () => void sink.close(),
  }
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}
