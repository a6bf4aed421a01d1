import type { Product } from '../../src/product/product.ts'

/** Every variable with which a person can say something to this product's telemetry. */
export function variablesOf({ variables, ingestionKey }: Product): readonly string[] {
  return [
    'DO_NOT_TRACK',
    ...Object.values(variables),
    ...(ingestionKey === undefined ? [] : [ingestionKey.variable]),
  ]
}
