import type { BufferSettings } from '../../../common/buffer-settings.ts'
import { later } from '../answer.ts'
import { openGate } from '../gate.ts'
import { openHeld } from '../held.ts'
import { limits } from '../limits.ts'
import type { Log } from '../log.ts'
import { type Metrics, observe, openMetrics, render } from '../metrics.ts'
import { readinessOf } from '../readiness.ts'
import type { Settings } from '../settings.ts'
import { openGa4Sink } from '../sinks/ga4-sink.ts'
import { openPrimary } from '../sinks/primary.ts'
import { resultOf, type Sink } from '../sinks/sink.ts'
import type { Worker } from '../worker.ts'
import { type Broker, openBroker } from './broker.ts'
import { openDelivery } from './delivery.ts'
import { openSurveys, renderBuffer } from './metrics.ts'
import { namesOf } from './names.ts'
import { ensureConsumer, ensureStreams } from './stream.ts'
import { openSweep } from './sweep.ts'
import { watchBuffer } from './watch.ts'

/** GA4 takes one client at a time, so that a batch is many requests. */
const ga4Batch = 100

/**
 * A worker that only delivers. It has the addresses of one that receives, and says to every event
 * that it should come again: to whoever was sent here by mistake that is true, and safe.
 */
export async function openDeliverer(
  settings: Settings,
  buffer: BufferSettings,
  log: Log,
): Promise<Worker> {
  const names = namesOf(buffer.stream)
  const metrics = openMetrics()
  const primary = await openPrimary(settings)
  const sinks = settings.ga4 ? [primary, openGa4Sink(settings.ga4, metrics)] : [primary]
  const broker = openBroker({
    settings: buffer,
    purpose: 'deliver',
    note: log.note,
    prepare: async ({ manager, connection }) => {
      await ensureStreams(manager, buffer, connection.info)
      for (const { name } of sinks) await ensureConsumer(manager, buffer, name)
    },
  })
  const open = (sink: Sink) => {
    const gate = openGate()
    const counts = { delivered: 0, redelivered: 0, setAside: 0 }
    const isPrimary = sink === primary
    const delivery = openDelivery({
      sink,
      batch: isPrimary ? limits.group.events : ga4Batch,
      gate,
      broker,
      names,
      ackWaitMs: buffer.ackWaitMs,
      counts,
      done: (events, result, ms) => {
        if (isPrimary) note(metrics, resultOf(result), ms)
        log.batch(events, result, ms)
      },
    })
    return { name: sink.name, gate, counts, delivery, isUp: () => gate.trouble() === undefined }
  }
  const deliveries = sinks.map(open)
  const survey = openSurveys(broker, names)
  const stopWatching = watchBuffer(survey, log.buffer)
  const stopSweeping = openSweep(broker, names)
  const gate = deliveries[0]?.gate ?? openGate()
  return {
    settings,
    intake: { admit: () => elsewhere, accept: () => elsewhere, note: () => undefined },
    held: openHeld(),
    metrics,
    log,
    sink: primary.name,
    readiness: readinessOver(broker, readinessOf(primary, gate)),
    figures: async () => {
      const own = render(metrics, {
        sink: primary.name,
        sinkUp: gate.trouble() === undefined,
        waiting: 0,
        heldBytes: 0,
      })
      const seen = deliveries.map(({ name, isUp, counts }) => ({ name, isUp: isUp(), counts }))
      return own + renderBuffer(broker.session() !== undefined, await survey(), seen)
    },
    close: async () => {
      stopWatching()
      stopSweeping()
      await Promise.all(deliveries.map(({ delivery }) => delivery.close()))
      await Promise.all([broker.close(), ...sinks.map((sink) => sink.close())])
      log.close()
    },
  }
}

const elsewhere = later(
  'away',
  'this process does not receive; keep the event and come again',
  1000,
)

function readinessOver(broker: Broker, sink: Worker['readiness']): Worker['readiness'] {
  return async () => (broker.session() === undefined ? broker.trouble().cause : await sink())
}

function note(metrics: Metrics, result: keyof Metrics['sinkResults'], ms: number): void {
  metrics.sinkResults[result] += 1
  observe(metrics.sinkSeconds, ms / 1000)
}
