import { openTelemetry, runmat } from '../../dist/index.js'

const telemetry = openTelemetry(runmat, { version: '0.6.1', notice: 'shown' })
telemetry.count('run', 'success')
await telemetry.close()
