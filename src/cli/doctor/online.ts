import { openHttpClient } from '../../deliver/http/client.ts'
import { describe } from '../../deliver/http/outcome.ts'
import type { Invocation } from '../invocation.ts'
import { type Check, ok } from './machine.ts'

const timeoutMs = 10_000

/** Looks up the endpoint's name, connects, and posts nothing: no event, no id, and no key. */
export async function checkOnline(invocation: Invocation): Promise<readonly Check[]> {
  const { context, environment, product } = invocation
  const { value: endpoint } = context.choices.endpoint
  const client = openHttpClient({
    endpoint,
    headers: { 'user-agent': `${product.id}-telemetry/${invocation.version}` },
    env: environment.env,
    timeoutMs,
    inFlight: 1,
  })
  const outcome = await client.post('')
  client.close()
  if (outcome.kind === 'failed') {
    return [
      {
        id: 'endpoint',
        status: 'fault',
        message: `${endpoint} cannot be reached (${outcome.reason}).`,
        hint: hints[outcome.reason] ?? 'Check the network, and try again.',
      },
    ]
  }
  const said = outcome.kind === 'answered' ? describe(outcome) : 'the collector answered 204'
  const status = outcome.kind === 'answered' ? outcome.status : 204
  if (status >= 500 || (status >= 300 && status < 400) || status === 404) {
    return [
      {
        id: 'endpoint',
        status: 'fault',
        message: `${endpoint} was reached, but ${said}.`,
        hint: 'Check the address, or try again later.',
      },
    ]
  }
  // To refuse an empty request, or one without a key, is what a collector should do.
  return [ok('endpoint', `${endpoint} was reached: ${said} to an empty request.`)]
}

const hints: Readonly<Partial<Record<string, string>>> = {
  'name not found': 'Check the name in the address, and DNS.',
  certificate: 'Check the clock, and NODE_EXTRA_CA_CERTS where a proxy signs its own.',
  tls: 'Something between here and there does not speak TLS.',
  refused: 'Nothing listens there.',
  'proxy unreachable': 'Check the variables that name a proxy.',
  'proxy unusable': 'Check the variables that name a proxy.',
}
