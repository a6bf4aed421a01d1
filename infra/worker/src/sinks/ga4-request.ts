import type { Event } from 'runmat-telemetry-common/events/event'

import type { Ga4Settings } from '../sink-settings.ts'
import { ga4Event, most } from './ga4-event.ts'

export interface Ga4Request {
  readonly body: string
  readonly events: readonly Event[]
}

interface Written {
  readonly event: Event
  readonly bytes: string
}

export function ga4Address({ endpoint, measurementId, apiSecret }: Ga4Settings): string {
  const address = new URL(endpoint)
  address.searchParams.set('measurement_id', measurementId)
  address.searchParams.set('api_secret', apiSecret)
  return address.href
}

/** Each request is about one client, within GA4's limits on events and bytes. */
export function ga4RequestsOf(
  events: readonly Event[],
  now: number,
): { readonly requests: readonly Ga4Request[]; readonly left: readonly Event[] } {
  const clients = new Map<string, Written[]>()
  const left: Event[] = []
  for (const event of events) {
    const made = ga4Event(event, now)
    const bytes = made && JSON.stringify(made)
    if (bytes === undefined || bytes.length > most.bytes / most.events) {
      left.push(event)
      continue
    }
    const own = clients.get(event.distinctId)
    if (own === undefined) clients.set(event.distinctId, [{ event, bytes }])
    else own.push({ event, bytes })
  }
  const requests = [...clients].flatMap(([client, own]) =>
    chunks(own, most.events).map((chunk) => ({
      body: `{"client_id":"${client}",${denied},"events":[${chunk.map(({ bytes }) => bytes).join(',')}]}`,
      events: chunk.map(({ event }) => event),
    })),
  )
  return { requests, left }
}

/** No user consented to the use of this data for advertising. */
const denied = '"consent":{"ad_user_data":"DENIED","ad_personalization":"DENIED"}'

function chunks<Item>(items: readonly Item[], size: number): readonly Item[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size))
}
