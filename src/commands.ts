import type { Product } from './product/product.ts'

export interface CommandOptions {
  /** The host's own version: what `--version` says, and `print` before anything was recorded. */
  readonly version: string
}

/**
 * Runs one line of the product's telemetry commands, given what stands after `product.command`, and
 * answers with the exit code. Never throws, never exits. A host that only records never loads them.
 */
export async function runCommands(
  product: Product,
  argv: readonly string[],
  { version }: CommandOptions,
): Promise<number> {
  // The package holds this once: the build makes of it the bundle that the launcher starts.
  const { run } = await import('./main.ts')
  return await run(product, version, argv)
}
