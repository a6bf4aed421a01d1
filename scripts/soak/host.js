// A host as a person uses it: some runs, some counts, and now and then one that computes for long. It
// shows each event that it records: `host.js <rounds> [shown]`.
import { setTimeout as pause } from 'node:timers/promises'

import { openTelemetry, runmat } from '../../dist/index.js'

const [rounds, notice] = process.argv.slice(2)
const engines = ['jit', 'interpreter', 'gpu']
const between = (least, most) => least + Math.floor(Math.random() * (most - least + 1))

process.stdout.write('begins\n')
const telemetry = openTelemetry(runmat, {
  version: `0.6.${between(0, 9)}`,
  ...(notice && { notice }),
})
for (let round = 0; round < Number(rounds); round += 1) {
  telemetry.count('run', 'success', { engine: engines[between(0, 2)] })
  const run = telemetry.startRun({ runKind: 'script', jitEnabled: true, accelerateEnabled: true })
  const until = performance.now() + between(0, 300)
  // Half of them compute without letting anything else run.
  if (between(0, 1) === 0) while (performance.now() < until);
  else await pause(until - performance.now())
  run.finish({ success: true, jitUsed: true })
  await pause(between(0, 100))
}
await telemetry.close()
