import { main } from './cli/main.ts'
import { processIo } from './cli/process-io.ts'
import { buildVersion } from './product/build.ts'
import { runmat } from './product/runmat.ts'
import { readSurroundings } from './settings/surroundings.ts'

/** Called by the launcher with everything after the program's name. */
export async function start(argv: readonly string[]): Promise<number> {
  const surroundings = readSurroundings()
  return await main(runmat, buildVersion, argv, surroundings, processIo(surroundings.env))
}
