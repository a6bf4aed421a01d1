import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

/** Where a host runs, as one line of JSON on stdin. */
export interface Place {
  /** Variables in place of those that the process got. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly systemHome: string
  readonly endpoint: string
  readonly udpEndpoint: string
  readonly version: string
}

const [library = ''] = process.argv.slice(2)
const { openTelemetry, readHostEnvironment, runmat } = (await import(
  pathToFileURL(library).href
)) as typeof import('../../src/entry/library.ts')

// A host that runs something in one place after the other: `judge.mjs <library>`.
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { env, cwd, systemHome, endpoint, udpEndpoint, version } = JSON.parse(line) as Place
  Object.assign(process.env, env)
  process.chdir(cwd)
  const telemetry = openTelemetry(
    { ...runmat, endpoint, udpEndpoint },
    { version, environment: { ...readHostEnvironment(), systemHome } },
  )
  telemetry.count('run', 'success')
  const run = telemetry.startRun({ runKind: 'script', jitEnabled: true, accelerateEnabled: false })
  run.finish({ success: true, jitUsed: true })
  await telemetry.close()
}
