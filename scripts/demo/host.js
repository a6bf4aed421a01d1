// A host program like RunMat: it embeds the library and records a successful run.
import { openTelemetry, runmat } from '../../dist/index.js'

const telemetry = openTelemetry(runmat, { version: process.argv[2] })
telemetry.count('run', 'success', { engine: 'jit', capabilities: { jit: true, gpu: false } })
await telemetry.close()
