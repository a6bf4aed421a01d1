// Counts now and then beside many others, and reports how long each call took: `crowd.js <calls>`.
import { setTimeout } from 'node:timers/promises'

import { openTelemetry, runmat } from '../../dist/index.js'

const times = []
const telemetry = openTelemetry(runmat, { version: '0.6.1', notice: 'shown' })
// All have started by then, so that starting them is not what is measured.
await setTimeout(Math.max(0, 20_000 - performance.now()))
for (let call = 0; call < Number(process.argv[2]); call += 1) {
  await setTimeout(Math.random() * 2000)
  const since = performance.now()
  telemetry.count('run', 'success')
  times.push(performance.now() - since)
}
await telemetry.close()
console.log(JSON.stringify(times))
