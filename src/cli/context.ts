import type { Product } from '../product/product.ts'
import { assess, type Situation } from '../settings/situation.ts'
import type { Surroundings } from '../settings/surroundings.ts'
import { type Ink, inkOf, type Io } from './io.ts'

/** What every command gets. */
export interface Context {
  readonly product: Product
  readonly surroundings: Surroundings
  /** The version of this tool. */
  readonly version: string
  readonly io: Io
  readonly ink: Ink
  readonly situation: Situation
}

export async function contextOf(
  product: Product,
  surroundings: Surroundings,
  version: string,
  io: Io,
): Promise<Context> {
  const situation = assess(product, surroundings)
  return { product, surroundings, version, io, ink: await inkOf(io.colour), situation }
}

/** The same, after something was changed. */
export function reassessed(context: Context): Context {
  return { ...context, situation: assess(context.product, context.surroundings) }
}
