import { type Kind, type Product, runmat } from 'runmat-telemetry/contract'
import { everyKind } from 'runmat-telemetry-common/events/event'
import { instanceInfo } from 'runmat-telemetry-common/instance'
import {
  type Histogram,
  labelled,
  metricsWriter,
  openHistogram,
  plain,
  zeros,
} from 'runmat-telemetry-common/prometheus'

import { type DroppedFields, openDroppedFields } from './dropped-fields.ts'
import { type Reason, reasons } from './intake/answer.ts'

export type SinkResult = 'stored' | 'refused' | 'failed'

/** Only numbers under fixed names; nothing received from outside becomes a label. */
export interface Metrics {
  readonly accepted: Record<Kind, number>
  repeated: number
  /** Events of clients that asked to be erased. */
  erased: number
  readonly rejected: Record<Reason, number>
  readonly droppedFields: DroppedFields
  /** Requests by the position of their key among ours, from 0. Never by the key itself. */
  readonly requestsByKey: number[]
  requestsInFlight: number
  readonly sinkResults: Record<SinkResult, number>
  readonly sinkSeconds: Histogram
  ga4Sent: number
  ga4Dropped: number
}

/** Values that are read only when someone asks for the metrics. */
export interface Gauges {
  readonly sink: string
  readonly sinkUp: boolean
  readonly waiting: number
  readonly heldBytes: number
}

const { counter, gauge, histogram } = metricsWriter('telemetry')

/** `keys`: how many keys are valid. */
export function openMetrics(keys = 0, products: readonly Product[] = [runmat]): Metrics {
  return {
    accepted: zeros(everyKind),
    repeated: 0,
    erased: 0,
    rejected: zeros(reasons),
    droppedFields: openDroppedFields(products),
    requestsByKey: Array.from({ length: keys }, () => 0),
    requestsInFlight: 0,
    sinkResults: zeros(['stored', 'refused', 'failed']),
    sinkSeconds: openHistogram(),
    ga4Sent: 0,
    ga4Dropped: 0,
  }
}

export function render(metrics: Metrics, { sink, sinkUp, waiting, heldBytes }: Gauges): string {
  const { ga4Sent: sent, ga4Dropped: dropped } = metrics
  const label = `sink="${sink}"`
  return [
    gauge('instance_info', 'The process that answers.', instanceInfo),
    counter(
      'events_accepted_total',
      'Events stored for good.',
      labelled('family', metrics.accepted),
    ),
    counter(
      'events_repeated_total',
      'Events that came again after they were stored.',
      plain(metrics.repeated),
    ),
    counter(
      'events_erased_total',
      'Events dropped because their client asked to be erased.',
      plain(metrics.erased),
    ),
    counter(
      'events_rejected_total',
      'Events and requests answered otherwise.',
      labelled('reason', metrics.rejected),
    ),
    counter(
      'fields_dropped_total',
      'Fields that events lost because the contract does not take them.',
      labelled('field', metrics.droppedFields.counts()),
    ),
    counter(
      'requests_by_key_total',
      'Requests with a valid key, by its position in INGESTION_KEY.',
      metrics.requestsByKey.map((count, position) => [`{key="${position + 1}"}`, count]),
    ),
    gauge(
      'requests_in_flight',
      'Requests that are being read or answered.',
      plain(metrics.requestsInFlight),
    ),
    gauge('held_bytes', 'Bytes of requests that are being read or answered.', plain(heldBytes)),
    gauge('events_waiting', 'Events that wait for the sink.', plain(waiting)),
    gauge('sink_up', 'Whether the primary sink stored the last batch.', [
      [`{${label}}`, sinkUp ? 1 : 0],
    ]),
    counter(
      'sink_batches_total',
      'Batches given to the primary sink, by result.',
      labelled('result', metrics.sinkResults),
    ),
    histogram(
      'sink_seconds',
      'How long the primary sink took for a batch.',
      label,
      metrics.sinkSeconds,
    ),
    counter(
      'ga4_events_total',
      'Events for the secondary sink, by result.',
      labelled('result', { sent, dropped }),
    ),
    gauge('memory_bytes', 'Resident memory of the process.', plain(process.memoryUsage.rss())),
  ].join('')
}
