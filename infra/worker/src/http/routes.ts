import { type Kind, runmat } from 'runmat-telemetry/contract'
import { everyKind } from 'runmat-telemetry-common/events/event'

const ingest: ReadonlyMap<string, readonly Kind[]> = new Map([
  ['/ingest', everyKind],
  ['/v1/t', everyKind],
  ['/api/telemetry', ['install']],
  [`/api/v1/telemetry/${runmat.id}`, ['usage']],
])

const pages = new Map([
  ['/healthz', 'health'],
  ['/readyz', 'readiness'],
  ['/metrics', 'metrics'],
] as const)

/** The kinds of event that a path takes. Undefined if it takes none. */
export function kindsAt(path: string): readonly Kind[] | undefined {
  return ingest.get(path)
}

export function pageAt(path: string): 'health' | 'readiness' | 'metrics' | undefined {
  return (pages as ReadonlyMap<string, 'health' | 'readiness' | 'metrics'>).get(path)
}

/** The tag in `/debug/<tag>`. */
export function debugTagAt(path: string): string | undefined {
  return /^\/debug\/([^/]+)$/.exec(path)?.[1]
}

/** Proxies may send an absolute address in place of a path. */
export function pathOf(url: string): string {
  if (!url.startsWith('/') && URL.canParse(url)) return new URL(url).pathname
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}
