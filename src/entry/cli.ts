import { processIo } from '../cli/io.ts'
import type { Tool } from '../cli/invocation.ts'
import { main } from '../cli/main.ts'
import { ownUploader, type UploaderProgram } from '../deliver/detach.ts'
import { expectEnd } from '../files/once.ts'
import { buildVersion } from '../product/build.ts'
import type { Product } from '../product/product.ts'
import { runmat } from '../product/runmat.ts'
import { readHostEnvironment } from '../settings/host-environment.ts'

/** Runs one command line in this process's environment, with the given background uploader. */
export async function runCommandLine(
  product: Product,
  { version, hostVersion }: Pick<Tool, 'version' | 'hostVersion'>,
  argv: readonly string[],
  uploader: () => UploaderProgram | undefined,
): Promise<number> {
  const environment = readHostEnvironment()
  const io = processIo(environment.env)
  return await main({ product, version, hostVersion, uploader, environment, io }, argv)
}

/** The tool by itself knows no host. */
export const own = { version: buildVersion, hostVersion: undefined }

/** Called by the launcher with everything after the program's name. */
export function start(argv: readonly string[]): Promise<number> {
  expectEnd()
  return runCommandLine(runmat, own, argv, ownUploader)
}

/** Called by the library for hosts that have these commands among their own. */
export async function run(
  product: Product,
  version: string,
  argv: readonly string[],
): Promise<number> {
  return await runCommandLine(product, { version, hostVersion: version }, argv, ownUploader)
}
