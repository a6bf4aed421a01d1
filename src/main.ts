import { main } from './cli/main.ts'
import { processIo } from './cli/process-io.ts'
import type { UploaderProgram } from './deliver/detach.ts'
import { ownUploader } from './deliver/own-uploader.ts'
import { buildVersion } from './product/build.ts'
import type { Product } from './product/product.ts'
import { runmat } from './product/runmat.ts'
import { readSurroundings } from './settings/surroundings.ts'

/** Called by the launcher with everything after the program's name. */
export function start(argv: readonly string[]): Promise<number> {
  return run(runmat, buildVersion, argv)
}

/** Called by the library, for hosts that have these commands among their own, and by the one file. */
export async function run(
  product: Product,
  version: string,
  argv: readonly string[],
  uploader: UploaderProgram = ownUploader(),
): Promise<number> {
  const surroundings = readSurroundings()
  const io = processIo(surroundings.env)
  return await main({ product, version, uploader, surroundings, io }, argv)
}
