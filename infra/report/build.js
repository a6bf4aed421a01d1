// Builds the report into one file: `node build.js [folder]`. Only DuckDB's native library stays outside:
// to open each of the sixty files around it takes an eighth of a report over a day.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

const here = fileURLToPath(new URL('.', import.meta.url))
const { version } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'))
const build = await rolldown({
  input: `${here}src/main.ts`,
  platform: 'node',
  external: ['@duckdb/node-bindings'],
  resolve: {
    // From its sources, so that the client need not be built first.
    alias: { 'runmat-telemetry/contract': `${here}../../src/contract/index.ts` },
  },
  transform: {
    target: 'node20.12',
    define: { BUILD_VERSION: JSON.stringify(version), BUILD_INGESTION_KEY: '""' },
  },
})
await build.write({
  file: `${process.argv[2] ?? `${here}dist`}/report.js`,
  format: 'esm',
  codeSplitting: false,
})
await build.close()
