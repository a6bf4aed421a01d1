import { instanceInfo } from 'runmat-telemetry-common/instance'
import { labelled, metricsWriter, plain } from 'runmat-telemetry-common/prometheus'

import type { Counts } from './counts.ts'
import type { Family } from './receiver.ts'

/** The state of a running forwarder at one moment. */
export interface State {
  readonly counts: Counts
  readonly waiting: { readonly events: number; readonly bytes: number }
  readonly inFlight: { readonly events: number; readonly posts: number }
  readonly kernelDrops: number | undefined
  readonly bufferBytes: Readonly<Partial<Record<Family, number>>>
  readonly reachesWorker: boolean
}

const { counter, gauge } = metricsWriter('telemetry_forwarder')

export function metricsOf({ counts, ...state }: State): string {
  return [
    gauge('instance_info', 'The process that answers.', instanceInfo),
    counter(
      'datagrams_received_total',
      'Datagrams read, whatever they held.',
      labelled('family', counts.received),
    ),
    counter(
      'datagrams_dropped_by_kernel_total',
      'Datagrams that found the receive buffer full.',
      plain(state.kernelDrops),
    ),
    counter(
      'datagrams_malformed_total',
      'Datagrams that held no event.',
      labelled('reason', counts.malformed),
    ),
    counter('events_forwarded_total', 'Events the worker has stored.', plain(counts.forwarded)),
    counter('events_refused_total', 'Events the worker refused for good.', plain(counts.refused)),
    counter(
      'events_given_way_total',
      'The oldest events of a full queue, dropped for newer ones.',
      plain(counts.gaveWay),
    ),
    counter('posts_total', 'Posts to the worker.', plain(counts.posts)),
    counter(
      'posts_failed_total',
      'Posts after which events had to stay here.',
      labelled('reason', Object.fromEntries(counts.failedPosts)),
    ),
    gauge('events_waiting', 'Events in the queue.', plain(state.waiting.events)),
    gauge('waiting_bytes', 'Bytes of events in the queue.', plain(state.waiting.bytes)),
    gauge('events_under_way', 'Events in posts without an answer.', plain(state.inFlight.events)),
    gauge('posts_under_way', 'Posts without an answer.', plain(state.inFlight.posts)),
    gauge(
      'receive_buffer_bytes',
      'What the kernel granted each socket.',
      labelled('family', state.bufferBytes),
    ),
    gauge('worker_reached', '1 while the worker takes events.', plain(state.reachesWorker ? 1 : 0)),
  ].join('')
}
