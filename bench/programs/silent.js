// Opens, counts without reaching a milestone, and closes, many times: `silent.js <rounds> <stats>`. For
// comparison, if a stats file is given, only makes and removes a lock and replaces a file.
import { renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'

import { openTelemetry, runmat } from '../../dist/index.js'

const [rounds, stats] = process.argv.slice(2)
const times = { ours: [], bare: [] }

async function ours() {
  const telemetry = openTelemetry(runmat, { version: '0.6.1' })
  telemetry.count('run', 'success')
  await telemetry.close()
}

function bare() {
  const options = { flag: 'wx', mode: 0o600 }
  writeFileSync(`${stats}.bare.lock`, '', options)
  writeFileSync(`${stats}.bare.tmp`, bytes, options)
  renameSync(`${stats}.bare.tmp`, `${stats}.bare`)
  unlinkSync(`${stats}.bare.lock`)
}

async function time(name, work) {
  const start = performance.now()
  await work()
  times[name].push(performance.now() - start)
}

const bytes = Buffer.alloc(stats === undefined ? 0 : statSync(stats).size, ' ')
for (let round = 0; round < Number(rounds); round += 1) {
  await time('ours', ours)
  if (stats !== undefined) await time('bare', bare)
}
console.log(JSON.stringify(times))
