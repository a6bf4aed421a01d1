import type { Context } from '../../settings/context.ts'

/** The headers of every request. The key never appears anywhere else. */
export function headersFor(userAgent: string, key: string | undefined): Record<string, string> {
  return {
    'user-agent': userAgent,
    ...(key === undefined ? {} : { 'x-telemetry-key': key }),
  }
}

/** Events only: a request to erase is never just looked at. */
export function debugHeaders({ product, environment }: Context): Record<string, string> {
  const { debug } = product.variables
  const tag = debug && environment.env[debug]
  // As the collector takes it.
  return tag ? { 'x-debug-tag': tag.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64) } : {}
}
