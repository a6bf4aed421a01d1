import type { Event } from '../event.ts'
import { limits } from '../limits.ts'
import { openPoster } from '../post.ts'
import type { Metrics } from '../metrics.ts'
import type { Ga4Settings } from '../settings.ts'
import { ga4Event, most } from './ga4-event.ts'

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

interface Post {
  readonly body: string
  readonly events: number
}

/**
 * Tells GA4 too, of what is stored already, and so at most once. Nobody waits for it: what it does
 * not take in time, or what would pile up, is dropped and counted.
 */
export function openGa4({ settings, metrics, now = Date.now }: Ga4Options): Ga4 {
  const { endpoint, measurementId, apiSecret } = settings
  const address = new URL(endpoint)
  address.searchParams.set('measurement_id', measurementId)
  address.searchParams.set('api_secret', apiSecret)
  const poster = openPoster(address.href, connections)
  const queue: Post[] = []
  const underWay = new Set<Promise<void>>()

  const dropped = (events: number): void => {
    metrics.ga4Dropped += events
  }

  const send = async ({ body, events }: Post): Promise<void> => {
    const status = await poster.post(body, limits.sinkMs / 2).then(
      (reply) => reply.status,
      () => 0,
    )
    if (status >= 200 && status < 300) metrics.ga4Sent += events
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
      if (left > 0) dropped(left)
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

/** One request is about one client, and holds at most so many events and bytes. */
function postsOf(events: readonly Event[], now: number): { posts: Post[]; left: number } {
  const clients = new Map<string, string[]>()
  let left = 0
  for (const event of events) {
    const made = ga4Event(event, now)
    const bytes = made && JSON.stringify(made)
    if (bytes === undefined || bytes.length > most.bytes / most.events) {
      left += 1
      continue
    }
    const own = clients.get(event.distinctId)
    if (own === undefined) clients.set(event.distinctId, [bytes])
    else own.push(bytes)
  }
  const posts = [...clients].flatMap(([client, own]) =>
    chunks(own, most.events).map((chunk) => ({
      body: `{"client_id":"${client}",${denied},"events":[${chunk.join(',')}]}`,
      events: chunk.length,
    })),
  )
  return { posts, left }
}

/** Nobody was asked whether ads may be made of this. */
const denied = '"consent":{"ad_user_data":"DENIED","ad_personalization":"DENIED"}'

function chunks<Item>(items: readonly Item[], size: number): readonly Item[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size))
}
