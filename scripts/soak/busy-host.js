// A host that counts and runs things, once or until it is killed.
import { setTimeout as pause } from 'node:timers/promises'

import { openTelemetry, runmat } from '../../dist/index.js'

const [mode, notice] = process.argv.slice(2)

process.stdout.write('begins')
do {
  const telemetry = openTelemetry(runmat, {
    version: `0.6.${Math.floor(Math.random() * 1000)}`,
    ...(notice && { notice }),
  })
  telemetry.count('run', 'success')
  const run = telemetry.startRun({ runKind: 'script', jitEnabled: true, accelerateEnabled: true })
  await pause(Math.random() * 200)
  run.finish({ success: true, jitUsed: true })
  if (mode === 'stay') await pause(Math.random() * 500)
  await telemetry.close()
} while (mode === 'stay')
