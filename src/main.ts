import { runCommandLine } from './command-line.ts'
import { ownUploader } from './deliver/own-uploader.ts'
import { buildVersion } from './product/build.ts'
import type { Product } from './product/product.ts'
import { runmat } from './product/runmat.ts'

/** Called by the launcher with everything after the program's name. */
export function start(argv: readonly string[]): Promise<number> {
  return run(runmat, buildVersion, argv)
}

/** Called by the library for hosts that have these commands among their own. */
export async function run(
  product: Product,
  version: string,
  argv: readonly string[],
): Promise<number> {
  return await runCommandLine(product, version, argv, ownUploader())
}
