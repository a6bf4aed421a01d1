import path from 'node:path'

import type { Place, Product } from '../product/product.ts'
import type { HostEnvironment } from './host-environment.ts'

/** Where everything of one product lies on this machine. Computing it touches no disk. */
export interface Paths {
  readonly settings: string
  readonly homeSettings: string | undefined
  readonly clientId: string
  readonly state: string
  readonly stats: string
  readonly queue: string
  /** Files from the queue that were no events. */
  readonly aside: string
  readonly lock: string
  readonly ledger: string
  readonly uploads: string
}

export function pathsOf(product: Product, environment: HostEnvironment): Paths {
  const at = (place: Place): string => locate(place, environment)
  const { places } = product
  const state = at(places.state)
  return {
    settings: at(places.settings),
    homeSettings: places.homeSettings && at(places.homeSettings),
    clientId: at(places.clientId),
    state,
    stats: path.join(state, 'stats.json'),
    queue: path.join(state, 'queue'),
    aside: path.join(state, 'set-aside'),
    lock: path.join(state, '.lock'),
    ledger: path.join(state, 'sent.ndjson'),
    uploads: path.join(state, 'uploads.json'),
  }
}

function locate({ base, path: parts }: Place, environment: HostEnvironment): string {
  switch (base) {
    case 'home':
      return path.join(environment.home ?? '', ...parts)
    case 'config':
      return path.join(environment.configHome, ...parts)
    case 'cache': {
      const [application = '', ...rest] = parts
      return path.join(environment.cacheHome(application), ...rest)
    }
  }
}
