import type { State } from './state.ts'

type Samples = readonly (readonly [labels: string, value: number | undefined])[]

const prefix = 'telemetry_forwarder'

/** The text format of Prometheus. */
export function metricsOf({ counts, ...state }: State): string {
  return [
    counter(
      'datagrams_received_total',
      'Datagrams that were read, whatever they held.',
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
    gauge('events_under_way', 'Events in posts that have no answer.', plain(state.underWay.events)),
    gauge('posts_under_way', 'Posts that have no answer.', plain(state.underWay.posts)),
    gauge(
      'receive_buffer_bytes',
      'What the kernel granted each socket.',
      labelled('family', state.bufferBytes),
    ),
    gauge('worker_reached', '1 while the worker takes events.', plain(state.reachesWorker ? 1 : 0)),
  ].join('')
}

const counter = metric('counter')
const gauge = metric('gauge')

function metric(type: 'counter' | 'gauge') {
  return (name: string, help: string, samples: Samples): string =>
    [
      `# HELP ${prefix}_${name} ${help}`,
      `# TYPE ${prefix}_${name} ${type}`,
      ...samples
        .filter(([, value]) => value !== undefined)
        .map(([labels, value]) => `${prefix}_${name}${labels} ${value}`),
      '',
    ].join('\n')
}

function plain(value: number | undefined): Samples {
  return [['', value]]
}

/** The values of labels are our own words, so nothing in them needs an escape. */
function labelled(label: string, values: Readonly<Record<string, number>>): Samples {
  return Object.entries(values).map(([name, value]) => [`{${label}="${name}"}`, value])
}
