import type { UploaderProgram } from '../deliver/detach.ts'
import type { Product } from '../product/product.ts'
import { assess, type Situation } from '../settings/situation.ts'
import type { Surroundings } from '../settings/surroundings.ts'
import { type Ink, inkOf } from './ink.ts'
import type { Io } from './io.ts'

/** The tool, and the place it is used in. */
export interface Tool {
  readonly product: Product
  readonly surroundings: Surroundings
  /** The version of this tool. */
  readonly version: string
  /** What delivers in the background. */
  readonly uploader: UploaderProgram
  readonly io: Io
}

/** What every command gets. */
export interface Context extends Tool {
  readonly ink: Ink
  readonly situation: Situation
}

export async function contextOf(tool: Tool): Promise<Context> {
  const situation = assess(tool.product, tool.surroundings)
  return { ...tool, ink: await inkOf(tool.io.colour), situation }
}

/** The same, after something was changed. */
export function reassessed(context: Context): Context {
  return { ...context, situation: assess(context.product, context.surroundings) }
}
