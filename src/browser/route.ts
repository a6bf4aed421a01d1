import { parseEndpoint } from '../settings/address.ts'
import { ingestionKeyOf } from '../settings/ingestion-key.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'
import { facts } from './facts.ts'

export interface Route {
  readonly url: string
  readonly key: string | undefined
}

const { product } = facts

/**
 * Where events go, and with which key; undefined where they cannot go anywhere. An address that is
 * refused is not replaced by ours: nobody meant to send there. The key that is built in goes to the
 * address that is built in and to no other, and that address takes nothing without a key.
 */
export function routeOf(endpoint = '', ingestionKey?: string): Route | undefined {
  const address = parseEndpoint(endpoint || product.endpoint)
  if (!address.ok) return undefined
  const isOurs = address.value === product.endpoint
  // A host's key stands where a variable stands elsewhere.
  const env = { [product.ingestionKey?.variable ?? '']: ingestionKey }
  const { state, value } = ingestionKeyOf(product, { env } as unknown as HostEnvironment)
  const key = isOurs || state !== 'embedded' ? value : undefined
  if (isOurs && product.ingestionKey && key === undefined) return undefined
  return { url: address.value, key }
}
