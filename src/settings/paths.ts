import path from 'node:path'

import type { Place, Product } from '../product/product.ts'
import type { HostEnvironment } from './host-environment.ts'

/** Where one product's files are on this machine. Computing it does not touch the disk. */
export interface Paths {
  readonly settings: string
  /** The user's other settings files, each once. */
  readonly alsoSettings: readonly string[]
  readonly homeSettings: readonly string[]
  readonly systemSettings: string | undefined
  readonly clientId: string
  readonly state: string
  readonly stats: string
  readonly queue: string
  /** Files from the queue that were not events. */
  readonly aside: string
  readonly lock: string
  readonly ledger: string
  readonly uploads: string
}

export function pathsOf(product: Product, environment: HostEnvironment): Paths {
  const { home, configHome, systemHome, platform, env } = environment
  const state = locate(product.places.state, environment)
  const key = [home, configHome, systemHome, platform, env['ProgramData'], state].join('\0')
  if (last?.product !== product || last.key !== key) {
    last = { product, key, paths: pathsWith(product, environment, state) }
  }
  return last.paths
}

/** Hosts that open again and again have the same paths each time. */
let last: { readonly product: Product; readonly key: string; readonly paths: Paths } | undefined

function pathsWith(product: Product, environment: HostEnvironment, state: string): Paths {
  const at = (place: Place): string => locate(place, environment)
  const { places } = product
  const settings = at(places.settings)
  const others = (places.alsoSettings ?? []).map(at).filter((file) => file !== settings)
  return {
    settings,
    alsoSettings: [...new Set(others)],
    homeSettings: (places.homeSettings ?? []).map(at),
    systemSettings: places.systemSettings && at(places.systemSettings),
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

export function locate({ base, path: parts }: Place, environment: HostEnvironment): string {
  switch (base) {
    case 'home':
      return path.join(environment.home ?? '', ...parts)
    case 'config':
      return path.join(environment.configHome, ...parts)
    case 'system':
      return path.join(environment.systemHome ?? systemFolder(environment), ...parts)
    case 'cache': {
      const [application = '', ...rest] = parts
      return path.join(environment.cacheHome(application), ...rest)
    }
  }
}

function systemFolder({ platform, env }: HostEnvironment): string {
  if (platform === 'darwin') return '/Library/Application Support'
  if (platform !== 'win32') return '/etc'
  const given = env['ProgramData'] ?? ''
  return path.isAbsolute(given) ? given : String.raw`C:\ProgramData`
}
