// A host, as RunMat is one: it embeds the library, and tells it of a run that went well.
import { openTelemetry, runmat } from '../../dist/index.js'

const telemetry = openTelemetry(runmat, { version: process.argv[2] })
telemetry.count('run', 'success', { engine: 'jit', capabilities: { jit: true, gpu: false } })
await telemetry.close()
