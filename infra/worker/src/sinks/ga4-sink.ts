import type { Event } from 'runmat-telemetry-common/events/event'
import type { Outcome, Sink, Trouble } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import type { Metrics } from '../metrics.ts'
import type { Ga4Settings } from '../sink-settings.ts'
import { ga4Address, type Ga4Request, ga4RequestsOf } from './ga4-request.ts'
import { causeOf, openSinkPoster } from './sink-poster.ts'

const connections = 8

/**
 * GA4 as a sink with its own consumer in the buffer. GA4 doesn't know event ids, so an event whose
 * answer was lost counts twice. What GA4 can't take is counted as dropped and acknowledged.
 */
export function openGa4Sink(
  settings: Ga4Settings,
  metrics: Pick<Metrics, 'ga4Sent' | 'ga4Dropped'>,
): Sink {
  const poster = openSinkPoster(ga4Address(settings), connections)

  const send = async ({ body, events }: Ga4Request): Promise<Trouble | undefined> => {
    const result = await poster.post(Buffer.from(body, 'latin1'), limits.sinkMs)
    if (result.kind === 'failed') return { cause: `GA4: ${causeOf(result.reason)}` }
    const { status } = result
    if (status < 200 || status >= 300) return { cause: `GA4: answered ${status}` }
    metrics.ga4Sent += events.length
    return undefined
  }

  return {
    name: 'ga4',
    inFlight: 2,
    store: async (events) => {
      const { requests, left } = ga4RequestsOf(events, Date.now())
      metrics.ga4Dropped += left.length
      const outcomes = new Map<Event, Outcome>(events.map((event) => [event, 'stored']))
      let trouble: Trouble | undefined
      const sent = requests.map(async (request) => {
        const problem = await send(request)
        if (problem === undefined) return
        trouble = problem
        for (const event of request.events) outcomes.set(event, 'later')
      })
      await Promise.all(sent)
      return {
        outcomes: events.map((event) => outcomes.get(event) ?? 'later'),
        ...(trouble !== undefined && { trouble }),
      }
    },
    // GA4 has no request that doesn't count as an event.
    probe: () => Promise.resolve(undefined),
    close: () => Promise.resolve(poster.close()),
  }
}
