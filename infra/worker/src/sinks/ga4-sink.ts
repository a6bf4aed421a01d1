import type { Event } from '../event.ts'
import { limits } from '../limits.ts'
import type { Metrics } from '../metrics.ts'
import { openPoster } from '../post.ts'
import type { Ga4Settings } from '../settings.ts'
import { ga4Address, type Ga4Post, postsOf } from './ga4-post.ts'
import type { Outcome, Sink, Trouble } from './sink.ts'

const connections = 8

/**
 * GA4 as a sink of its own, with a place of its own in the buffer. It knows no identities, so an
 * event of which the answer was lost counts twice; what it does not take at all is counted as
 * dropped, and done with.
 */
export function openGa4Sink(
  settings: Ga4Settings,
  metrics: Pick<Metrics, 'ga4Sent' | 'ga4Dropped'>,
): Sink {
  const poster = openPoster(ga4Address(settings), connections)

  const send = async ({ body, events }: Ga4Post): Promise<Trouble | undefined> => {
    try {
      const { status } = await poster.post(body, limits.sinkMs)
      if (status < 200 || status >= 300) return { cause: `GA4: answered ${status}` }
      metrics.ga4Sent += events.length
      return undefined
    } catch (error) {
      return { cause: `GA4: ${(error as Error).message}` }
    }
  }

  return {
    name: 'ga4',
    inFlight: 2,
    store: async (events) => {
      const { posts, left } = postsOf(events, Date.now())
      metrics.ga4Dropped += left.length
      const outcomes = new Map<Event, Outcome>(events.map((event) => [event, 'stored']))
      let trouble: Trouble | undefined
      const sent = posts.map(async (post) => {
        const problem = await send(post)
        if (problem === undefined) return
        trouble = problem
        for (const event of post.events) outcomes.set(event, 'later')
      })
      await Promise.all(sent)
      return {
        outcomes: events.map((event) => outcomes.get(event) ?? 'later'),
        ...(trouble !== undefined && { trouble }),
      }
    },
    // There is no way to ask that would not count as an event.
    probe: () => Promise.resolve(undefined),
    close: () => Promise.resolve(poster.close()),
  }
}
