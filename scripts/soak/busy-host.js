// A host that counts and records runs, a given number of times.
import { setTimeout as pause } from 'node:timers/promises'

import { openTelemetry, runmat } from '../../dist/index.js'

const [rounds, notice] = process.argv.slice(2)

process.stdout.write('begins')
for (let round = 0; round < Number(rounds); round += 1) {
  const telemetry = openTelemetry(runmat, {
    version: `0.6.${Math.floor(Math.random() * 1000)}`,
    ...(notice && { notice }),
  })
  telemetry.count('run', 'success')
  const run = telemetry.startRun({ runKind: 'script', jitEnabled: true, accelerateEnabled: true })
  await pause(Math.random() * 200)
  run.finish({ success: true, jitUsed: true })
  if (rounds > 1) await pause(Math.random() * 500)
  await telemetry.close()
}
