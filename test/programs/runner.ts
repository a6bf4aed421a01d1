import { pathToFileURL } from 'node:url'

import type { RunFinish } from '../../src/record/run.ts'

/** A host that runs something, and ends in one of the ways in which hosts end. */
export interface Play {
  readonly library: string
  readonly version?: string
  readonly runs?: number
  readonly finish?: RunFinish | null
  readonly end:
    | 'close and live on'
    | 'close'
    | 'close twice'
    | 'close when told'
    | 'nothing'
    | 'process.exit'
    | 'kill'
    | 'finish after close'
}

const play = JSON.parse(process.argv[2] ?? '') as Play
const { library } = play
const { openTelemetry, runmat } = (await import(
  pathToFileURL(library).href
)) as typeof import('../../src/entry/library.ts')

const begun = performance.now()
const telemetry = openTelemetry(runmat, { version: play.version ?? '0.6.1' })
const facts = { runKind: 'script', jitEnabled: true, accelerateEnabled: true }
const runs = Array.from({ length: play.runs ?? 1 }, () => telemetry.startRun(facts))
const finish = () => {
  if (play.finish === null) return
  for (const run of runs) {
    run.finish(play.finish ?? { success: true, jitUsed: true })
    run.finish({ success: false })
  }
}
if (play.end !== 'finish after close') finish()
const recorded = performance.now()
if (play.end === 'close when told') {
  process.stdout.write('ready\n')
  // Until its stdin ends.
  for await (const _ of process.stdin);
}
if (play.end.startsWith('close') || play.end === 'finish after close') await telemetry.close()
if (play.end === 'close twice') await telemetry.close()
if (play.end === 'finish after close') finish()
const closed = performance.now()
process.stdout.write(JSON.stringify({ record: recorded - begun, close: closed - recorded }))
if (play.end === 'process.exit') process.exit(0)
if (play.end === 'close and live on') {
  // Until its stdin ends.
  for await (const _ of process.stdin);
}
if (play.end === 'kill') process.kill(process.pid, 'SIGKILL')
