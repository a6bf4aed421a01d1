// A host program like RunMat: it embeds the library and records a successful run.
import { openTelemetry, runmat } from '../../dist/index.js'

const [version, notice] = process.argv.slice(2)
const telemetry = openTelemetry(runmat, { version, ...(notice && { notice }) })
const capabilities = { jit: true, gpu: false }
if (notice) telemetry.capabilities(capabilities)
else telemetry.count('run', 'success', { engine: 'jit', capabilities })
await telemetry.close()
