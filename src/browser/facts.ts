import type { GenericSchema } from 'valibot'

import { nilUuid, randomUuid, version } from '../contract/atoms.ts'
import { runFinished, runStarted, runtimeContracts } from '../contract/runtime.ts'
import type { Product } from '../product/product.ts'
import { runmat as product } from '../product/runmat.ts'
import { compile } from './compile.ts'

/**
 * What a browser has to know. This module is run when the package is built, and only what it
 * comes to goes into the bundle: neither the rest of the product nor what checks the schemas.
 */
export const facts = {
  product: neededOf(product),
  runStarted,
  runFinished,
  contracts: runtimeContracts(product).map(({ labels, schema }) => ({
    labels,
    table: compile(schema as GenericSchema),
  })),
  nilUuid,
  uuid: compile(randomUuid),
  version: compile(version),
}

/** The rest is never asked for in a browser, where there are no files and no environment. */
function neededOf({ id, name, endpoint, ingestionKey, runtime }: Product): Product {
  return { id, name, endpoint, ingestionKey, runtime } as Product
}
