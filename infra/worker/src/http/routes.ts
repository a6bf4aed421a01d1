import { type Kind, type Product, runmat } from 'runmat-telemetry/contract'
import { everyKind } from 'runmat-telemetry-common/events/event'
import { type ProductReader, readerOf } from 'runmat-telemetry-common/events/products'
import { readEvent } from 'runmat-telemetry-common/events/reader'

/** An address that takes events. */
export interface Route extends ProductReader {
  /** Whether its events need no key: its product's clients have none. */
  readonly isKeyless: boolean
}

export type Routes = ReadonlyMap<string, Route>

const pages = new Map([
  ['/healthz', 'health'],
  ['/readyz', 'readiness'],
  ['/metrics', 'metrics'],
] as const)

/** RunMat's addresses, and one for each further product. */
export function routesFor(products: readonly Product[]): Routes {
  const own = (kinds: readonly Kind[]): Route => ({ kinds, read: readEvent, isKeyless: false })
  return new Map([
    ['/ingest', own(everyKind)],
    ['/v1/t', own(everyKind)],
    ['/api/telemetry', own(['install'])],
    [`/api/v1/telemetry/${runmat.id}`, own(['usage'])],
    ...products.map((product): [string, Route] => [
      `/api/v1/telemetry/${product.id}`,
      { ...readerOf(product), isKeyless: product.ingestionKey === undefined },
    ]),
  ])
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
