import type { Product } from '../product/product.ts'

export type { UploaderProgram } from '../deliver/detach.ts'
export type { Explained, Place, Product, RuntimeFacts } from '../product/product.ts'
export { runmat } from '../product/runmat.ts'
export type { InstallFacts } from '../record/install.ts'
export type { RunFinish, RunStart } from '../record/run.ts'
export type { Run } from '../host/runs.ts'
export {
  openTelemetry,
  type CountDetails,
  type Telemetry,
  type TelemetryOptions,
} from '../host/telemetry.ts'
export { readHostEnvironment, type HostEnvironment } from '../settings/host-environment.ts'

export interface CommandOptions {
  /** The host's own version: what `--version` says, and `print` before anything was recorded. */
  readonly version: string
}

/**
 * Runs one line of the product's telemetry commands, given the words after `product.command`, and
 * returns the exit code. Never throws, never exits. A host that only records never loads them.
 */
export async function runCommands(
  product: Product,
  argv: readonly string[],
  { version }: CommandOptions,
): Promise<number> {
  // In the package this is the same bundle that the launcher starts.
  const { run } = await import('./cli.ts')
  return await run(product, version, argv)
}
