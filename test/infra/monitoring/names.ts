import { renderBuffer } from '../../../infra/buffer/src/metrics.ts'
import { Counts } from '../../../infra/udp-forwarder/src/counts.ts'
import { metricsOf } from '../../../infra/udp-forwarder/src/metrics.ts'
import { openMetrics, render } from '../../../infra/worker/src/metrics.ts'

const worker = render(openMetrics(2), { sink: 'file', sinkUp: true, waiting: 0, heldBytes: 0 })

const backlog = { waiting: 0, unacknowledged: 0, redelivered: 0, deadLetters: 0, floor: 0 }
const buffer = renderBuffer(
  true,
  {
    messages: 0,
    bytes: 0,
    mostBytes: 0,
    oldestAge: 0,
    firstSequence: 0,
    sinks: [{ sink: 'file', ...backlog }],
  },
  [{ name: 'file', isUp: true, counts: { delivered: 0, redelivered: 0, deadLetters: 0 } }],
)

const forwarder = metricsOf({
  counts: new Counts(),
  waiting: { events: 0, bytes: 0 },
  inFlight: { events: 0, posts: 0 },
  kernelDrops: 0,
  bufferBytes: { ipv4: 0 },
  reachesWorker: true,
})

/** Each metric of all services, with the labels that its samples have besides the scraper's own. */
export const metrics: ReadonlyMap<string, ReadonlySet<string>> = metricsIn(
  worker + buffer + forwarder,
)

function metricsIn(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, name = ''] of text.matchAll(/^# TYPE (\w+) (?:counter|gauge)$/gm)) {
    found.set(name, new Set())
  }
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const all = found.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) all.add(label)
    found.set(name, all)
  }
  return found
}
