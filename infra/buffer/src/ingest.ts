import type { Sink } from 'runmat-telemetry-common/sink'

import { openBroker } from './broker.ts'
import { type ErasedStream, openErasedStream } from './erased.ts'
import { requireSink, watchSinks } from './interest.ts'
import { openSurveys, renderBuffer } from './metrics.ts'
import { namesOf } from './names.ts'
import type { BufferSettings } from './settings.ts'
import { openBufferSink } from './sink.ts'
import { ensureStreams } from './stream.ts'

export interface Ingest {
  readonly sink: Sink
  readonly erased: ErasedStream
  /** The buffer's figures, in the Prometheus text format. */
  readonly figures: () => Promise<string>
}

/** The buffer as the sink of a process that receives events. */
export function openIngest(settings: BufferSettings, note: (message: string) => void): Ingest {
  const names = namesOf(settings.stream)
  const broker = openBroker({
    settings,
    purpose: 'ingest',
    note,
    prepare: async (session) => {
      await ensureStreams(session.manager, settings, session.connection.info)
      await requireSink(session, names)
    },
  })
  const stop = watchSinks(broker, names)
  const sink = openBufferSink(broker, names)
  const survey = openSurveys(broker, names)
  return {
    sink: {
      ...sink,
      close: () => {
        stop()
        return sink.close()
      },
    },
    erased: openErasedStream(broker, names),
    figures: async () => renderBuffer(broker.session() !== undefined, await survey()),
  }
}
