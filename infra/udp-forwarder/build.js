// Builds the forwarder into one file that needs nothing but Node: `node build.js [folder]`.
import path from 'node:path'

import { rolldown } from 'rolldown'

const here = import.meta.dirname

const build = await rolldown({
  input: path.join(here, 'src/main.ts'),
  platform: 'node',
  resolve: {
    // From its sources, so that the client need not be built first.
    alias: { 'runmat-telemetry/contract': path.join(here, '../../src/contract/index.ts') },
  },
  transform: {
    target: 'node20.12',
    define: { BUILD_VERSION: '""', BUILD_INGESTION_KEY: '""' },
  },
})
await build.write({
  file: path.join(process.argv[2] ?? path.join(here, 'dist'), 'forwarder.js'),
  format: 'esm',
  // What it takes to speak to a buffer is in there too, and is not run before it is needed.
  codeSplitting: false,
  comments: false,
})
await build.close()
