import { splitAddress } from '../settings/address.ts'
import type { Context } from '../settings/context.ts'
import { readClientId } from '../store/client-id.ts'
import { sentElsewhere } from '../store/erasure.ts'
import { printable } from './io.ts'
import { plural } from './words.ts'

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

/** For showing: while it can't be read what was sent, nothing is known to be elsewhere. */
export function knownPlaces(context: Context): ErasurePlaces {
  try {
    return erasurePlaces(context)
  } catch {
    return { asked: [context.choices.endpoint.value], elsewhere: new Map() }
  }
}

/** What got events and is not asked. Its operator needs the client id, which is gone afterwards. */
export function notAsked({ elsewhere }: ErasurePlaces, { paths }: Context): readonly string[] {
  const id = elsewhere.size === 0 ? undefined : readClientId(paths.clientId)
  const what = id === undefined ? 'them' : `what has the client id ${id}`
  return [...elsewhere].map(
    ([endpoint, events]) =>
      `${plural(events, 'event')} went to ${printable(endpoint)}, which is not asked: it is not in your ` +
      `settings any more. Its operator can erase ${what}.`,
  )
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
