import type { Kind } from 'runmat-telemetry/contract'

import { type Reason, reasons } from './answer.ts'

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const kinds: readonly Kind[] = ['usage', 'runtime', 'install']

export type SinkResult = 'stored' | 'refused' | 'failed'

/** What Prometheus may know: numbers under fixed names, nothing that came from outside. */
export interface Metrics {
  readonly accepted: Record<Kind, number>
  readonly rejected: Record<Reason, number>
  droppedFields: number
  requestsInFlight: number
  readonly sinkResults: Record<SinkResult, number>
  readonly sinkSeconds: Histogram
  ga4Sent: number
  ga4Dropped: number
}

export interface Histogram {
  readonly counts: number[]
  sum: number
  count: number
}

/** What is only known when somebody asks. */
export interface Gauges {
  readonly sink: string
  readonly sinkUp: boolean
  readonly waiting: number
  readonly heldBytes: number
}

export function openMetrics(): Metrics {
  return {
    accepted: zeros(kinds),
    rejected: zeros(reasons),
    droppedFields: 0,
    requestsInFlight: 0,
    sinkResults: zeros(['stored', 'refused', 'failed']),
    sinkSeconds: { counts: buckets.map(() => 0), sum: 0, count: 0 },
    ga4Sent: 0,
    ga4Dropped: 0,
  }
}

export function observe(histogram: Histogram, seconds: number): void {
  histogram.count += 1
  histogram.sum += seconds
  for (const [index, most] of buckets.entries()) {
    if (seconds <= most) histogram.counts[index] = (histogram.counts[index] ?? 0) + 1
  }
}

/** The text format that Prometheus reads. */
export function render(metrics: Metrics, gauges: Gauges): string {
  const { sinkSeconds } = metrics
  const sink = `sink="${gauges.sink}"`
  const lines = [
    ...family('events_accepted_total', 'counter', 'Events that are stored for good.'),
    ...labelled('events_accepted_total', 'family', metrics.accepted),
    ...family('events_rejected_total', 'counter', 'Events and requests answered otherwise.'),
    ...labelled('events_rejected_total', 'reason', metrics.rejected),
    ...family('fields_dropped_total', 'counter', 'Fields that the contract does not know.'),
    `telemetry_fields_dropped_total ${metrics.droppedFields}`,
    ...family('requests_in_flight', 'gauge', 'Requests that are being read or answered.'),
    `telemetry_requests_in_flight ${metrics.requestsInFlight}`,
    ...family('held_bytes', 'gauge', 'Bytes of requests that are being read or answered.'),
    `telemetry_held_bytes ${gauges.heldBytes}`,
    ...family('events_waiting', 'gauge', 'Events that wait for the sink.'),
    `telemetry_events_waiting ${gauges.waiting}`,
    ...family('sink_up', 'gauge', 'Whether the primary sink stored what it was given last.'),
    `telemetry_sink_up{${sink}} ${gauges.sinkUp ? 1 : 0}`,
    ...family('sink_batches_total', 'counter', 'Batches given to the primary sink, by result.'),
    ...labelled('sink_batches_total', 'result', metrics.sinkResults),
    ...family('sink_seconds', 'histogram', 'How long the primary sink took for a batch.'),
    ...buckets.map(
      (most, index) =>
        `telemetry_sink_seconds_bucket{${sink},le="${most}"} ${sinkSeconds.counts[index]}`,
    ),
    `telemetry_sink_seconds_bucket{${sink},le="+Inf"} ${sinkSeconds.count}`,
    `telemetry_sink_seconds_sum{${sink}} ${sinkSeconds.sum}`,
    `telemetry_sink_seconds_count{${sink}} ${sinkSeconds.count}`,
    ...family('ga4_events_total', 'counter', 'Events given to the secondary sink, and not.'),
    ...labelled('ga4_events_total', 'result', {
      sent: metrics.ga4Sent,
      dropped: metrics.ga4Dropped,
    }),
    ...family('memory_bytes', 'gauge', 'Resident memory of the process.'),
    `telemetry_memory_bytes ${process.memoryUsage.rss()}`,
  ]
  return `${lines.join('\n')}\n`
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}

export function family(name: string, type: string, help: string): string[] {
  return [`# HELP telemetry_${name} ${help}`, `# TYPE telemetry_${name} ${type}`]
}

function labelled(name: string, label: string, values: Readonly<Record<string, number>>): string[] {
  return Object.entries(values).map(
    ([value, count]) => `telemetry_${name}{${label}="${value}"} ${count}`,
  )
}
