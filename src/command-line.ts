import { main } from './cli/main.ts'
import { processIo } from './cli/process-io.ts'
import type { UploaderProgram } from './deliver/detach.ts'
import type { Product } from './product/product.ts'
import { readSurroundings } from './settings/surroundings.ts'

/** Runs one command line in the real world, with what delivers in the background. */
export async function runCommandLine(
  product: Product,
  version: string,
  argv: readonly string[],
  uploader: UploaderProgram,
): Promise<number> {
  const surroundings = readSurroundings()
  const io = processIo(surroundings.env)
  return await main({ product, version, uploader, surroundings, io }, argv)
}
