import { splitAddress } from '../settings/address.ts'
import type { Context } from '../settings/context.ts'
import { sentElsewhere } from '../store/erasure.ts'

/** Where an erasure is asked for, and where else something was sent. */
export interface ErasurePlaces {
  /** The user's endpoint, and the built-in one if something was sent there. */
  readonly asked: readonly string[]
  /** Endpoints that are not asked, with how many events they got. */
  readonly elsewhere: ReadonlyMap<string, number>
}

/**
 * The ledger doesn't say who chose an endpoint: it may have been a file that a variable named. So an
 * earlier endpoint is asked only if it is the built-in one, which may have the ingestion key.
 */
export function erasurePlaces({ product, choices, paths }: Context): ErasurePlaces {
  const own = choices.endpoint.value
  const isBuiltIn = isCollector(product.endpoint, product.udpEndpoint)
  const isOwn = isCollector(own, undefined)
  const elsewhere = new Map(sentElsewhere(paths, isOwn))
  let hasBuiltIn = false
  for (const [endpoint] of elsewhere) {
    if (!isBuiltIn(endpoint)) continue
    hasBuiltIn = true
    elsewhere.delete(endpoint)
  }
  const isAnother = hasBuiltIn && !isBuiltIn(own)
  return { asked: isAnother ? [own, product.endpoint] : [own], elsewhere }
}

/** A collector has several addresses on its host; a datagram's has another port. */
function isCollector(url: string, udp: string | undefined) {
  const { host, hostname } = new URL(url)
  return (endpoint: string): boolean => {
    const isUrl = endpoint.includes('://') && URL.canParse(endpoint)
    if (isUrl) return new URL(endpoint).host === host
    return endpoint === udp || splitAddress(endpoint).host === hostname.replace(/^\[(.*)\]$/, '$1')
  }
}
