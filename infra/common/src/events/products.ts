import { type Kind, type Product, runmat } from 'runmat-telemetry/contract'

import { everyKind } from './event.ts'
import { type EventReader, openReader, readEvent } from './reader.ts'

/** The product of an event that names none. */
export const unnamed = runmat.id

export interface ProductReader {
  readonly kinds: readonly Kind[]
  readonly read: EventReader
}

/** By the product's id. */
export type ProductReaders = ReadonlyMap<string, ProductReader>

/** RunMat's and those of further products. */
export function readersOf(products: readonly Product[]): ProductReaders {
  return new Map<string, ProductReader>([
    [runmat.id, { kinds: everyKind, read: readEvent }],
    ...products.map((product): [string, ProductReader] => [product.id, readerOf(product)]),
  ])
}

/** Of a further product, only usage events are collected. */
export function readerOf(product: Product): ProductReader {
  return { kinds: ['usage'], read: openReader(product) }
}
