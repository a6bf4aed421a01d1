import type { Context } from '../../settings/context.ts'

/** The headers of every request. The key never appears anywhere else. */
export function headersFor(userAgent: string, key: string | undefined): Record<string, string> {
  return {
    'user-agent': userAgent,
    ...(key === undefined ? {} : { 'x-telemetry-key': key }),
  }
}

/** Events only: a request to erase is never just looked at. */
export function debugHeaders(context: Context): Record<string, string> {
  const tag = debugTag(context)
  return tag === undefined ? {} : { 'x-debug-tag': tag }
}

/** The developer's tag, as the collector takes it; undefined if there is none. */
export function debugTag({ product, environment }: Context): string | undefined {
  const { debug } = product.variables
  const tag = debug && environment.env[debug]
  return tag ? tag.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64) : undefined
}
