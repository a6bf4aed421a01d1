import type { Product } from '../product/product.ts'
import type { HostEnvironment } from './host-environment.ts'

export interface IngestionKey {
  readonly state: 'embedded' | 'environment' | 'missing'
  /** Never printed, never written to disk. */
  readonly value: string | undefined
}

/** The environment's key comes before the built-in one, so that an operator can rotate it. */
export function ingestionKeyOf(product: Product, { env }: HostEnvironment): IngestionKey {
  const { ingestionKey } = product
  if (ingestionKey === undefined) return missing
  const given = usableKey(env[ingestionKey.variable])
  if (given !== undefined) return { state: 'environment', value: given }
  const embedded = usableKey(ingestionKey.embedded)
  return embedded === undefined ? missing : { state: 'embedded', value: embedded }
}

const missing: IngestionKey = { state: 'missing', value: undefined }

/** Only characters that are valid in a header. Others would break or forge the request. */
export function usableKey(key: string | undefined): string | undefined {
  const trimmed = key?.trim()
  return trimmed && /^[\u0021-\u007e]{1,512}$/.test(trimmed) ? trimmed : undefined
}
