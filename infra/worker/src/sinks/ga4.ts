import type { Event } from 'runmat-telemetry-common/events/event'

import { limits } from '../limits.ts'
import type { Metrics } from '../metrics.ts'
import type { Ga4Settings } from '../sink-settings.ts'
import { ga4Address, type Ga4Request, ga4RequestsOf } from './ga4-request.ts'
import { openSinkPoster } from './sink-poster.ts'

export interface Ga4 {
  /** Returns at once and never fails. */
  readonly forward: (events: readonly Event[]) => void
  readonly close: () => Promise<void>
}

export interface Ga4Options {
  readonly settings: Ga4Settings
  readonly metrics: Pick<Metrics, 'ga4Sent' | 'ga4Dropped'>
  readonly now?: () => number
}

const connections = 2

/**
 * Also sends stored events to GA4, at most once. Nothing waits for GA4: what it doesn't take in time, or
 * what would pile up, is dropped and counted.
 */
export function openGa4({ settings, metrics, now = Date.now }: Ga4Options): Ga4 {
  const poster = openSinkPoster(ga4Address(settings), connections)
  const queue: Ga4Request[] = []
  const inFlight = new Set<Promise<void>>()

  const dropped = ({ length }: readonly Event[]): void => {
    metrics.ga4Dropped += length
  }

  const send = async ({ body, events }: Ga4Request): Promise<void> => {
    const result = await poster.post(Buffer.from(body, 'latin1'), limits.sinkMs / 2)
    if (result.kind === 'answered' && result.status >= 200 && result.status < 300)
      metrics.ga4Sent += events.length
    else dropped(events)
  }

  const next = (): void => {
    while (inFlight.size < connections) {
      const request = queue.shift()
      if (request === undefined) return
      const sending = send(request).finally(() => {
        inFlight.delete(sending)
        next()
      })
      inFlight.add(sending)
    }
  }

  return {
    forward: (events) => {
      const { requests, left } = ga4RequestsOf(events, now())
      dropped(left)
      for (const request of requests) {
        if (queue.length < limits.ga4Waiting) queue.push(request)
        else dropped(request.events)
      }
      next()
    },
    close: async () => {
      for (const { events } of queue.splice(0)) dropped(events)
      await Promise.all(inFlight)
      poster.close()
    },
  }
}
