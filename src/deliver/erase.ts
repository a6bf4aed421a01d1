import { eraseContract, mostErasedEvents } from '../contract/erase.ts'
import { newUuid } from '../files/uuid.ts'
import type { Context } from '../settings/context.ts'
import { openHttpClient } from './http/client.ts'
import { headersFor } from './http/headers.ts'
import type { PostOutcome } from './http/outcome.ts'

const timeoutMs = 10_000

/**
 * What is posted to have everything erased: the client id, and events that it does not lead to. What was
 * shown already is posted as it was shown, and then only what it does not name.
 */
export function erasureRequests(
  { product }: Pick<Context, 'product'>,
  id: string | undefined,
  events: readonly string[],
  shown: readonly string[] = [],
): readonly string[] {
  const { serialise } = eraseContract(product)
  const named = new Set(shown.flatMap(namesIn))
  const isNew = (name: string): boolean => !named.has(name)
  const others = events.filter(isNew)
  const parts = Array.from({ length: Math.ceil(others.length / mostErasedEvents) }, (_, at) => ({
    events: others.slice(at * mostErasedEvents, (at + 1) * mostErasedEvents),
  }))
  const all = [...(id !== undefined && isNew(id) ? [{ cid: id }] : []), ...parts]
  return [
    ...shown,
    ...all.flatMap(
      (what) => serialise({ event_label: 'telemetry.erase', uuid: newUuid(), ...what }) ?? [],
    ),
  ]
}

function namesIn(request: string): readonly string[] {
  const { cid, events = [] } = JSON.parse(request) as { cid?: string; events?: readonly string[] }
  return cid === undefined ? events : [cid, ...events]
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
