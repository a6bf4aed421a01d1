import type { BufferSettings } from '../../../common/buffer-settings.ts'
import type { Behind } from '../receiver.ts'
import { openBroker } from './broker.ts'
import { requireSink, watchSinks } from './interest.ts'
import { openSurveys, renderBuffer } from './metrics.ts'
import { namesOf } from './names.ts'
import { openBufferSink } from './sink.ts'
import { ensureStreams } from './stream.ts'

/** What stands behind a worker that only receives. */
export function openIngest(settings: BufferSettings, note: (message: string) => void): Behind {
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
    figures: async () => renderBuffer(broker.session() !== undefined, await survey()),
  }
}
