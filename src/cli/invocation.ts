import type { UploaderProgram } from '../deliver/detach.ts'
import type { Snapshot } from '../files/snapshot.ts'
import type { Product } from '../product/product.ts'
import { assess, type Context } from '../settings/context.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'
import { settingsTargets } from '../settings/targets.ts'
import { foldOut } from './fold.ts'
import { type Ink, inkOf } from './ink.ts'
import { type Io, toJson } from './io.ts'

/** The tool, and the place it is used in. */
export interface Tool {
  readonly product: Product
  readonly environment: HostEnvironment
  /** The version of this tool. */
  readonly version: string
  /** The version of the host that runs these commands among its own. */
  readonly hostVersion: string | undefined
  /** What delivers in the background, where there is something that can. */
  readonly uploader: () => UploaderProgram | undefined
  readonly io: Io
}

/** What every command gets. */
export interface Invocation extends Tool {
  readonly ink: Ink
  readonly context: Context
}

export async function invocationOf(tool: Tool, see: Snapshot): Promise<Invocation> {
  const context = assess(tool.product, tool.environment, undefined, see)
  return { ...tool, ink: await inkOf(tool.io.colour), context }
}

/** The same, after something was changed. */
export function reassessed(invocation: Invocation): Invocation {
  return { ...invocation, context: assess(invocation.product, invocation.environment) }
}

/** How a command that changed something answers: one JSON object, or a few sentences. */
export function report(
  { io, context }: Invocation,
  json: boolean | undefined,
  details: Readonly<Record<string, unknown>>,
  sentences: readonly string[],
): void {
  const { verdict } = context
  const answer = {
    ...details,
    file: settingsTargets(context)[0],
    collecting: verdict.collecting,
    uploading: verdict.uploading,
    decided_by: verdict.decidedBy,
  }
  io.out(json ? toJson(answer) : `${foldOut(sentences, io).join('\n')}\n`)
}
