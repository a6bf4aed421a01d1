// A host program that installs itself and runs scripts, one of which fails.
import { openTelemetry, runmat } from '../../dist/index.js'

const [version] = process.argv.slice(2)
const release = { platform: 'linux-x86_64', release: version, method: 'shell' }
const failure = {
  stage: 'hir',
  code: 'RunMat:UndefinedFunction',
  hasSpan: true,
  host: 'cli',
  component: 'name_resolution',
}
const results = [
  { success: true, jitUsed: true },
  { success: true, jitUsed: false },
  { success: false, jitUsed: false, failure },
]

const telemetry = openTelemetry(runmat, { version, notice: 'shown' })
telemetry.install('install_start', release)
telemetry.install('install_complete', release)
for (const result of results) {
  const run = telemetry.startRun({ runKind: 'script', jitEnabled: true, accelerateEnabled: false })
  run.finish(result)
}
await telemetry.close()
