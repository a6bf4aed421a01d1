import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { eventually } from '../support/eventually.ts'
import { runmat } from '../../src/product/runmat.ts'
import type { HostEnvironment } from '../../src/settings/host-environment.ts'
import { openTelemetry } from '../../src/host/telemetry.ts'
import type { Answer, Collector } from '../support/collector.ts'
import { fillQueue, namesIn, queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { isRunning, nothingRuns, processesOf } from '../support/processes.ts'
import { run } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'
import {
  host,
  idOf,
  idsAt,
  ownUploader,
  settle,
  stage,
  fakeUploader,
  uploaderCommand,
  uploaderEnv,
  uploaderIn,
} from './stage.ts'

/** This process in the role of a host that lives in the home. */
function surroundingsOf(home: Home): HostEnvironment {
  return {
    env: home.env,
    home: home.path,
    cwd: home.path,
    platform: process.platform,
    arch: process.arch,
    ci: undefined,
    configHome: home.at('.config'),
    cacheHome: (application) => home.at('.cache', application),
    now: Date.now,
    uptime: () => 0,
  }
}

/** One run of a host with something new to say. The first count of a version makes an event. */
async function hostRun(home: Home, version: string): Promise<void> {
  const options = { version, environment: surroundingsOf(home), uploader: ownUploader }
  const telemetry = openTelemetry(runmat, options)
  telemetry.count('repl')
  await telemetry.close()
}

const versionOf = ({ json }: Collector['events'][number]) => (json as { version: string }).version

const rounds = 20

describe.concurrent('an event that arrives while the uploader is finishing', () => {
  // By chance, close to the moment. The second of each pair must not need a third to get going.
  it.each<[string, (version: string) => Answer]>([
    ['after a delivery', () => 204],
    ['after a refusal', (version) => (version.endsWith('.1') ? 400 : 204)],
    ['after another refusal', (version) => (version.endsWith('.1') ? 422 : 204)],
  ])(
    'is not left behind, %s',
    async (_, treat) => {
      const { home, collector } = await stage()
      settle(home)
      let answered = (): void => undefined
      collector.setAnswer((request) => {
        const version = versionOf(request)
        if (version.endsWith('.1')) setImmediate(() => answered())
        const answer = treat(version)
        return answer as number
      })
      for (let round = 0; round < rounds; round += 1) {
        const first = new Promise<void>((resolve) => {
          answered = resolve
        })
        await hostRun(home, `1.${round}.1`)
        await first
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 12))
        await hostRun(home, `1.${round}.2`)
        await eventually(() => expect(collector.events.map(versionOf)).toContain(`1.${round}.2`))
        await nothingRuns(home)
      }
      expect(new Set(idsAt(collector)).size).toBe(2 * rounds)
      // On a busy machine this takes so long that what was refused is tried again.
      const accepted = collector.events.filter((one) => treat(versionOf(one)) === 204).map(idOf)
      expect(accepted).toHaveLength(new Set(accepted).size)
    },
    120_000,
  )

  // Deterministically: the uploader is suspended while it saves its state and still holds the lock.
  it.skipIf(!requireTool('strace')).each<[string, Answer, number]>([
    ['after a delivery', 204, 0],
    ['after a refusal', 400, 1],
  ])('is seen by it, %s', async (_, answer, kept) => {
    const { home, collector } = await stage({ answer })
    settle(home, { sequence: 1 })
    const [event] = fillQueue(home, 1)
    const hold = 'inject=fsync:signal=SIGSTOP'
    const trace = home.at('trace')
    const command = ['-f', '-qq', '-e', 'trace=fsync', '-e', hold, '-o', trace, ...uploaderCommand]
    const uploading = run('strace', command, home, { env: uploaderEnv })
    await collector.received(1)
    collector.setAnswer((request) => (idOf(request) === event?.id ? (answer as number) : 204))
    const pid = uploaderIn(home)
    const stopped = new RegExp(`^${pid} .*stopped by SIGSTOP`, 'gm')
    const goOn = () => isRunning(pid) && process.kill(pid, 'SIGCONT')
    for (let stops = 1; ; stops += 1) {
      await eventually(() => expect(home.read(trace).match(stopped)).toHaveLength(stops))
      if (/uploads\.json\..*tmp/.test(namesIn(home.state).join())) break
      goOn()
    }
    const { uploader, wasStarted } = fakeUploader(home)
    const running = processesOf(home)
    await host(home, { version: '2.0.0', uploader, steps: [['count', 'run'], ['close']] })
    // The host has left it to the uploader that is still running.
    expect(home.has('an-uploader-was-started')).toBe(false)
    expect(processesOf(home)).toEqual(running)
    const going = setInterval(goOn, 20)
    await uploading
    clearInterval(going)
    expect(wasStarted()).toBe(false)
    expect(collector.events.map(versionOf)).toEqual(['0.6.1', '2.0.0'])
    expect(Object.keys(queueContent(home))).toHaveLength(kept)
    expect(home.has(path.join(home.state, '.lock'))).toBe(false)
  })
})
