import { type Kind, runmat } from 'runmat-telemetry/contract'

/** An address that takes events. */
export interface Route {
  readonly kinds: readonly Kind[]
}

const every: Route = { kinds: ['usage', 'runtime', 'install'] }

const routes: ReadonlyMap<string, Route> = new Map([
  ['/ingest', every],
  ['/v1/t', every],
  ['/api/telemetry', { kinds: ['install'] }],
  [`/api/v1/telemetry/${runmat.id}`, { kinds: ['usage'] }],
])

export const ingestPaths = [...routes.keys()]

/** What an address takes; undefined where it takes no events. */
export function routeOf(url: string): Route | undefined {
  const query = url.indexOf('?')
  return routes.get(query === -1 ? url : url.slice(0, query))
}
