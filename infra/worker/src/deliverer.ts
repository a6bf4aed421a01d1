import { type Product, runmat } from 'runmat-telemetry/contract'
import { type Broker, openBroker } from 'runmat-telemetry-buffer/broker'
import { openDelivery } from 'runmat-telemetry-buffer/delivery'
import { eraseDeadLetters } from 'runmat-telemetry-buffer/erase-dead-letters'
import { openErasedStream } from 'runmat-telemetry-buffer/erased'
import { openBlocks } from 'runmat-telemetry-buffer/fill-blocks'
import { openSurveys, renderBuffer } from 'runmat-telemetry-buffer/metrics'
import { namesOf } from 'runmat-telemetry-buffer/names'
import { reportBacklog } from 'runmat-telemetry-buffer/report-backlog'
import type { BufferSettings } from 'runmat-telemetry-buffer/settings'
import { ensureConsumer, ensureStreams } from 'runmat-telemetry-buffer/stream'
import { openSweep } from 'runmat-telemetry-buffer/sweep'
import { openCircuitBreaker } from 'runmat-telemetry-common/circuit-breaker'
import { readersOf } from 'runmat-telemetry-common/events/products'
import { observe } from 'runmat-telemetry-common/prometheus'
import { resultOf, type Sink } from 'runmat-telemetry-common/sink'

import { openMemoryBudgets } from './http/memory-budget.ts'
import { routesFor } from './http/routes.ts'
import { later } from './intake/answer.ts'
import { limits } from './limits.ts'
import type { WorkerLog } from './log.ts'
import { type Metrics, openMetrics, render } from './metrics.ts'
import type { Settings } from './settings.ts'
import { openForOne } from './sinks/by-product.ts'
import { openErasures } from './sinks/erasures.ts'
import { openGa4Sink } from './sinks/ga4-sink.ts'
import { storingOnce } from './sinks/once.ts'
import { postHogErasureOf } from './sinks/posthog-erasure.ts'
import { openPrimary, openTables } from './sinks/primary.ts'
import { readinessOf } from './sinks/readiness.ts'
import { sparing } from './sinks/sparing.ts'
import { streamTombstones } from './sinks/stream-tombstones.ts'
import { tombstonesOf } from './sinks/tombstones.ts'
import type { Worker } from './worker.ts'

/** GA4 takes one client per request, so a batch becomes many requests. */
const ga4Batch = 100

/**
 * A worker that only delivers. It serves the same addresses as one that receives, and tells every
 * client to try again, which is true and safe for one sent here by mistake.
 */
export async function openDeliverer(
  settings: Settings,
  buffer: BufferSettings,
  products: readonly Product[],
  log: WorkerLog,
): Promise<Worker> {
  const names = namesOf(buffer.stream)
  const metrics = openMetrics()
  const onDisk = await tombstonesOf(settings)
  const opened = await openPrimary(settings, products, { note: log.note })
  const broker = openBroker({
    settings: buffer,
    purpose: 'deliver',
    note: log.note,
    prepare: async ({ manager, connection }) => {
      await ensureStreams(manager, buffer, connection.info)
      for (const { name } of sinks) await ensureConsumer(manager, buffer, name)
    },
  })
  const tombstones = streamTombstones(openErasedStream(broker, names), onDisk)
  const postHogErasure = postHogErasureOf(settings, tombstones, log.note)
  const spare = (sink: Sink): Sink => sparing(sink, tombstones)
  const primary = spare(opened)
  const sinks = [primary, ...besides(settings, products, metrics).map(spare)]
  let deadLetters = 0
  const noteDeadLetter = (): void => {
    deadLetters += 1
  }
  const dead = {
    erase: (ids: readonly string[]) => eraseDeadLetters(broker, names, ids, noteDeadLetter),
  }
  // An event that came after its client's tombstone lies in a newer block, and so may a dead letter of it.
  const erased = () => tombstones.ids().length + metrics.erased + deadLetters
  const blocks = openBlocks(broker, names, erased)
  const erasures = openErasures([...sinks, dead, blocks], tombstones, log.note)
  const open = (sink: Sink) => {
    const circuitBreaker = openCircuitBreaker()
    const counts = { delivered: 0, redelivered: 0, deadLetters: 0 }
    const isPrimary = sink === primary
    const delivery = openDelivery({
      sink,
      batch: sink.name === 'ga4' ? ga4Batch : limits.group.events,
      circuitBreaker,
      broker,
      names,
      readers: readersOf(products),
      ackWaitMs: buffer.ackWaitMs,
      counts,
      done: (events, result, ms) => {
        if (isPrimary) {
          note(metrics, resultOf(result), ms)
          metrics.erased += result.outcomes.filter((outcome) => outcome === 'erased').length
        }
        log.batch(events, result, ms)
      },
    })
    const isUp = () => circuitBreaker.trouble() === undefined
    return { name: sink.name, circuitBreaker, counts, delivery, isUp }
  }
  const deliveries = sinks.map(open)
  const survey = openSurveys(broker, names)
  const stopReporting = reportBacklog(survey, log.buffer)
  const stopSweeping = openSweep(
    broker,
    names,
    deliveries.map(({ name, delivery }) => ({ name, again: delivery.again })),
  )
  const circuitBreaker = deliveries[0]?.circuitBreaker ?? openCircuitBreaker()
  return {
    settings,
    routes: routesFor(products),
    debug: undefined,
    intake: { admit: () => elsewhere, accept: () => elsewhere, note: () => undefined },
    memoryBudgets: openMemoryBudgets(),
    metrics,
    log,
    sink: primary.name,
    readiness: readinessOver(broker, readinessOf(primary, circuitBreaker)),
    figures: async () => {
      const own = render(metrics, {
        sink: primary.name,
        sinkUp: circuitBreaker.trouble() === undefined,
        waiting: 0,
        heldBytes: 0,
      })
      const seen = deliveries.map(({ name, isUp, counts }) => ({ name, isUp: isUp(), counts }))
      return own + renderBuffer(broker.session() !== undefined, await survey(), seen)
    },
    close: async () => {
      stopReporting()
      stopSweeping()
      await Promise.all(deliveries.map(({ delivery }) => delivery.close()))
      await erasures.close()
      await Promise.all([broker.close(), ...sinks.map((sink) => sink.close())])
      await postHogErasure?.close()
      log.close()
    },
  }
}

/** The sinks besides the primary one, each with a consumer of its own. */
function besides(
  { clickHouse, ga4 }: Settings,
  products: readonly Product[],
  metrics: Metrics,
): readonly Sink[] {
  return [
    ...(clickHouse ? [openTables(clickHouse, products)] : []),
    ...(ga4 ? [storingOnce(openForOne(runmat.id, openGa4Sink(ga4, metrics)))] : []),
  ]
}

const elsewhere = later(
  'away',
  'this process does not receive; keep the event and retry later',
  1000,
)

function readinessOver(broker: Broker, sink: Worker['readiness']): Worker['readiness'] {
  return async () => (broker.session() === undefined ? broker.trouble().cause : await sink())
}

function note(metrics: Metrics, result: keyof Metrics['sinkResults'], ms: number): void {
  metrics.sinkResults[result] += 1
  observe(metrics.sinkSeconds, ms / 1000)
}
