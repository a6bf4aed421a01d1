import { processIo } from '../cli/io.ts'
import { main } from '../cli/main.ts'
import { ownUploader, type UploaderProgram } from '../deliver/detach.ts'
import { buildVersion } from '../product/build.ts'
import type { Product } from '../product/product.ts'
import { runmat } from '../product/runmat.ts'
import { readHostEnvironment } from '../settings/host-environment.ts'

/** Runs one command line in this process's environment, with the given background uploader. */
export async function runCommandLine(
  product: Product,
  version: string,
  argv: readonly string[],
  uploader: UploaderProgram | undefined,
): Promise<number> {
  const environment = readHostEnvironment()
  const io = processIo(environment.env)
  return await main({ product, version, uploader, environment, io }, argv)
}

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
