import path from 'node:path'

import { rolldown } from 'rolldown'

const contract = path.join(import.meta.dirname, '../../src/contract/index.ts')

/** Bundles a service and everything it needs into one file that runs on Node alone. */
export async function bundle(input, file) {
  const build = await rolldown({
    input,
    platform: 'node',
    resolve: {
      // The contract comes from its sources, so the client needn't be built first.
      alias: { 'runmat-telemetry/contract': contract },
    },
    transform: {
      target: 'node20.12',
      define: { BUILD_VERSION: '""', BUILD_INGESTION_KEY: '""' },
    },
  })
  await build.write({
    file,
    format: 'esm',
    // Lazy imports are in the same file and still run only when needed.
    codeSplitting: false,
    comments: false,
  })
  await build.close()
}
