// A host with one run, whose person has seen the notice.
import { setTimeout } from 'node:timers/promises'

import { openTelemetry, runmat } from '../../dist/index.js'

const telemetry = openTelemetry(runmat, { version: '0.6.1', notice: 'shown' })
const run = telemetry.startRun({ runKind: 'script', jitEnabled: true, accelerateEnabled: true })
telemetry.count('run', 'success')
await setTimeout(100)
run.finish({ success: true, jitUsed: true })
await telemetry.close()
