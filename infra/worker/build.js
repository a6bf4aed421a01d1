// Builds the worker into one file, with all that it needs: `node build.js [folder]`.
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

const here = fileURLToPath(new URL('.', import.meta.url))
const build = await rolldown({
  input: `${here}src/main.ts`,
  platform: 'node',
  resolve: {
    // From its sources, so that the client need not be built first.
    alias: { 'runmat-telemetry/contract': `${here}../../src/contract/index.ts` },
  },
  transform: {
    target: 'node20.12',
    define: { BUILD_VERSION: '""', BUILD_INGESTION_KEY: '""' },
  },
})
await build.write({
  file: `${process.argv[2] ?? `${here}dist`}/worker.js`,
  format: 'esm',
  // What is imported late is in there too, and is not run before.
  codeSplitting: false,
})
await build.close()
