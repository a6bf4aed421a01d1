import { eraseContract, mostErasedEvents } from '../contract/erase.ts'
import { newUuid } from '../files/uuid.ts'
import type { Context } from '../settings/context.ts'
import { openHttpClient } from './http/client.ts'
import { headersFor } from './http/headers.ts'
import type { PostOutcome } from './http/outcome.ts'

const timeoutMs = 10_000

/** What is posted to have everything erased: the client id, and events that it does not lead to. */
export function erasureRequests(
  { product }: Pick<Context, 'product'>,
  id: string | undefined,
  events: readonly string[],
): readonly string[] {
  const { serialise } = eraseContract(product)
  const parts = Array.from({ length: Math.ceil(events.length / mostErasedEvents) }, (_, at) => ({
    events: events.slice(at * mostErasedEvents, (at + 1) * mostErasedEvents),
  }))
  return [...(id === undefined ? [] : [{ cid: id }]), ...parts].flatMap(
    (what) => serialise({ event_label: 'telemetry.erase', uuid: newUuid(), ...what }) ?? [],
  )
}

/** Posts one after the other, until one is not confirmed. Only a 204 confirms. */
export async function postErasure(
  { environment, key }: Pick<Context, 'environment' | 'key'>,
  userAgent: string,
  endpoint: string,
  requests: readonly string[],
): Promise<PostOutcome> {
  const client = openHttpClient({
    endpoint,
    headers: headersFor(userAgent, key.value),
    env: environment.env,
    timeoutMs,
    inFlight: 1,
  })
  try {
    for (const bytes of requests) {
      const outcome = await client.post(bytes)
      if (outcome.kind !== 'delivered') return outcome
    }
    return { kind: 'delivered' }
  } finally {
    client.close()
  }
}
