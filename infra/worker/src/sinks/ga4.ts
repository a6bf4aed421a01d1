import type { Event } from '../event.ts'
import { limits } from '../limits.ts'
import { openPoster } from '../post.ts'
import type { Metrics } from '../metrics.ts'
import type { Ga4Settings } from '../settings.ts'
import { ga4Address, type Ga4Post, postsOf } from './ga4-post.ts'

export interface Ga4 {
  /** Returns at once, and never fails: what GA4 cannot have, it does not get. */
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
 * Tells GA4 too, of what is stored already, and so at most once. Nobody waits for it: what it does
 * not take in time, or what would pile up, is dropped and counted.
 */
export function openGa4({ settings, metrics, now = Date.now }: Ga4Options): Ga4 {
  const poster = openPoster(ga4Address(settings), connections)
  const queue: Ga4Post[] = []
  const underWay = new Set<Promise<void>>()

  const dropped = ({ length }: readonly Event[]): void => {
    metrics.ga4Dropped += length
  }

  const send = async ({ body, events }: Ga4Post): Promise<void> => {
    const status = await poster.post(body, limits.sinkMs / 2).then(
      (reply) => reply.status,
      () => 0,
    )
    if (status >= 200 && status < 300) metrics.ga4Sent += events.length
    else dropped(events)
  }

  const next = (): void => {
    while (underWay.size < connections) {
      const post = queue.shift()
      if (post === undefined) return
      const sending = send(post).finally(() => {
        underWay.delete(sending)
        next()
      })
      underWay.add(sending)
    }
  }

  return {
    forward: (events) => {
      const { posts, left } = postsOf(events, now())
      dropped(left)
      for (const post of posts) {
        if (queue.length < limits.ga4Waiting) queue.push(post)
        else dropped(post.events)
      }
      next()
    },
    close: async () => {
      for (const { events } of queue.splice(0)) dropped(events)
      await Promise.all(underWay)
      poster.close()
    },
  }
}
