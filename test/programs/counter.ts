import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

// Counts until it is killed, each time with an event, and says after each that it has: `counter.mjs
// <library> <name>`.
const [library = '', name = ''] = process.argv.slice(2)
const { openTelemetry, runmat } = (await import(
  pathToFileURL(library).href
)) as typeof import('../../src/entry/library.ts')
for (let round = 0; ; round += 1) {
  const telemetry = openTelemetry(runmat, { version: `${name}.${round}.0` })
  telemetry.count('run')
  writeSync(1, '.')
}
