// Measures every figure that we claim beside its limit. It reports and never
// fails: `node bench/run.js [--quick] [--millions 1,10] [figure …]`.
import os from 'node:os'
import { parseArgs } from 'node:util'

import { buffer } from './buffer.js'
import { crowd } from './crowd.js'
import { drain } from './drain.js'
import { forwarder } from './forwarder.js'
import { memory } from './memory.js'
import { noNetwork } from './no-network.js'
import { once } from './once.js'
import { record } from './record.js'
import { report } from './report.js'
import { runs } from './runs.js'
import { silentHost } from './silent-host.js'
import { standalone } from './standalone.js'
import { start } from './start.js'
import { stop } from './stop.js'
import { stores } from './stores.js'
import { openStage } from './support/stage.js'
import { tableOf } from './support/table.js'
import { worker } from './worker.js'

const figures = {
  start,
  standalone,
  record,
  'silent-host': silentHost,
  runs,
  once,
  crowd,
  stop,
  'no-network': noNetwork,
  drain,
  memory,
  worker,
  forwarder,
  buffer,
  stores,
  report,
}

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, millions: { type: 'string' } },
  allowPositionals: true,
})
const wanted = positionals.length > 0 ? positionals : Object.keys(figures)
const options = { quick: values.quick, millions: values.millions?.split(',').map(Number) }

const stage = await openStage()
const rows = []
for (const name of wanted) {
  console.error(`measuring ${name} …`)
  try {
    rows.push(...(await figures[name](stage, options)))
  } catch (error) {
    rows.push({ what: name, beside: 'could not be measured' })
    console.error(error)
  }
}
stage.close()
console.log(
  `Node ${process.versions.node}, ${os.availableParallelism()} cores, ${os.platform()} ${os.arch()}`,
)
console.log(tableOf(rows))
