import type { Context } from '../settings/context.ts'
import type { Datagrams } from './datagram.ts'
import type { HttpClient } from './http/client.ts'

/** The two ways in which a process sends while it lives. */
export interface Lines {
  readonly client: HttpClient
  readonly datagrams: Datagrams | undefined
  /** A pending name lookup would keep the process alive. */
  readonly cancelLookUps: () => void
  readonly close: () => void
}

const postTimeoutMs = 5000

/** Loaded on the first send, so that a host that sends nothing does not pay for it. */
export async function openLines(
  { choices, environment }: Context,
  headers: Readonly<Record<string, string>>,
  inFlight: number,
): Promise<Lines> {
  const [{ openHttpClient }, { openDatagrams }, { openLookUp }] = await Promise.all([
    import('./http/client.ts'),
    import('./datagram.ts'),
    import('./name-lookup.ts'),
  ])
  const { lookup, cancel } = await openLookUp(postTimeoutMs)
  const { value: address } = choices.udpEndpoint
  const client = openHttpClient({
    endpoint: choices.runtimeEndpoint.value,
    headers,
    env: environment.env,
    timeoutMs: postTimeoutMs,
    inFlight,
    background: lookup,
  })
  const datagrams = address === '' ? undefined : await openDatagrams(address, lookup)
  return {
    client,
    datagrams,
    cancelLookUps: cancel,
    close: () => {
      cancel()
      client.close()
      datagrams?.close()
    },
  }
}
