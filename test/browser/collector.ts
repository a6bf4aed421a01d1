import { type Collector, startCollector } from '../support/collector.ts'

/** A collector to which pages of other sites may post. */
export interface OpenCollector {
  readonly url: string
  /** Every request there was, also those that only ask whether one may. */
  readonly requests: () => Collector['events']
  readonly posts: () => Collector['events']
  /** The bodies that were posted, answered with 204 or not. */
  readonly bodies: () => readonly string[]
  /** Settles when so many were. */
  readonly posted: (count: number) => Promise<void>
  readonly setAnswer: (answer: Posted) => void
  readonly stop: () => Promise<void>
}

interface Posted {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Of the question whether one may post, too. */
  readonly afterMs?: number
}

export async function openCollector(): Promise<OpenCollector> {
  let answer: Posted = { status: 204 }
  const collector = await startCollector({
    answer: ({ method, headers: { origin } }) =>
      method === 'OPTIONS'
        ? { status: 204, headers: cors(origin), afterMs: answer.afterMs ?? 0 }
        : { ...answer, headers: { ...cors(origin), ...answer.headers } },
  })
  const { url, events, stop } = collector
  const posts = () => events.filter(({ method }) => method === 'POST')
  return {
    url,
    requests: () => events,
    posts,
    bodies: () => posts().map(({ text }) => text),
    posted: async (count) => {
      while (posts().length < count) await collector.received(events.length + 1)
    },
    setAnswer: (next) => {
      answer = next
    },
    stop,
  }
}

/** What a collector must say for browsers to send it JSON and a key, and to let pages see its answer. */
function cors(origin = '*'): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    // Only for beacons, which always say that they might bring cookies.
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, x-telemetry-key',
    'access-control-expose-headers': 'retry-after',
    'access-control-max-age': '600',
  }
}
