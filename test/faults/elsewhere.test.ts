import { spawn } from 'node:child_process'
import { rmSync, utimesSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { liveHolder, thisProcess } from '../../src/store/lock-holder.ts'
import { takeLock } from '../../src/store/lock.ts'
import type { Stats } from '../../src/store/stats.ts'
import type { Script, Step } from '../programs/host.ts'
import { eventually } from '../support/eventually.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { type Elsewhere, findElsewhere } from '../support/namespaces.ts'
import { program } from '../support/programs.ts'
import { cli, run } from '../support/run.ts'
import { runner, together } from '../support/together.ts'
import {
  fakeUploader,
  faultHome,
  idsAt,
  library,
  settle,
  stage,
  uploaderCommand,
  uploaderEnv,
} from './stage.ts'

const elsewhere = findElsewhere()
const start: Elsewhere = elsewhere ?? (() => [''])

/** Two containers on one machine, or two machines, that share a home folder. */
const places: readonly [string, (home: Home) => readonly (readonly [string, ...string[]])[]][] = [
  ['containers', () => [start(), start()]],
  [
    'machines',
    (home) => ['one', 'other'].map((name) => start(home.write(`boot-${name}`, `${name}\n`))),
  ],
]

const statsOf = (home: Home) => JSON.parse(home.read(path.join(home.state, 'stats.json'))) as Stats

describe.skipIf(elsewhere === undefined)('hosts that share a home', () => {
  it.each(places)(
    'in two %s count exactly and use no sequence number twice',
    async (_, placesOf) => {
      const home = faultHome()
      settle(home)
      const rounds = 60
      const hosts = placesOf(home).map(([command, ...args], place) => {
        const counting = Array.from({ length: rounds }, (__, round): readonly Step[] => [
          ['version', `1.${place}.${round}`],
          ['count', 'repl'],
        ])
        const script: Script = { library, version: '1.0.0', steps: [['wait'], ...counting.flat()] }
        const host = [process.execPath, program('host'), JSON.stringify(script)]
        return runner(command, [...args, ...host], home)
      })
      for (const end of await together(hosts)) expect(end).toMatchObject({ code: 0, err: '' })
      // What had to be postponed is folded in by the next host.
      const last: Script = { library, version: '1.0.59', steps: [['select', 'jit']] }
      await run(process.execPath, [program('host'), JSON.stringify(last)], home)
      expect(statsOf(home).subcommand_counts).toEqual({ repl: 2 * rounds })
      const sequences = Object.values(queueContent(home)).map(
        (text) => (JSON.parse(text) as { sequence: number }).sequence,
      )
      expect(sequences.length).toBeGreaterThanOrEqual(2 * rounds)
      expect(new Set(sequences).size).toBe(sequences.length)
    },
  )

  it.each(places)('in two %s send every event once', async (_, placesOf) => {
    const { home, collector } = await stage({ answer: { status: 204, afterMs: 20 } })
    const events = fillQueue(home, 60)
    const both = placesOf(home).map(([command, ...args]) =>
      run(command, [...args, ...uploaderCommand], home, { env: uploaderEnv }),
    )
    expect((await Promise.all(both)).map(({ code }) => code)).toEqual([0, 0])
    expect(queueContent(home)).toEqual({})
    expect(idsAt(collector)).toHaveLength(events.length)
    expect(new Set(idsAt(collector)).size).toBe(events.length)
  })

  it.each(places)(
    'in two %s see a live uploader of the other and take over from a dead one',
    async (_, placesOf) => {
      const { home, collector } = await stage({ answer: { status: 204, afterMs: 1000 } })
      fillQueue(home, 1)
      const lock = path.join(home.state, '.lock')
      const [[command, ...args] = ['']] = placesOf(home)
      const uploading = run(command, [...args, ...uploaderCommand], home, { env: uploaderEnv })
      await eventually(() => expect(collector.requests).toBe(1))
      const held = home.read(lock)
      expect(liveHolder(lock)).toBeDefined()
      expect(takeLock(lock, thisProcess())).toBeUndefined()
      await uploading
      // It is believed as long as it renews the lock.
      home.write(lock, held)
      const then = Date.now() / 1000 - 20
      utimesSync(lock, then, then)
      expect(liveHolder(lock)).toBeUndefined()
      expect(takeLock(lock, thisProcess())).toMatchObject({ isInherited: true })
    },
  )

  it('in containers that take their uploaders with them hold up no uploader of another host', async () => {
    const { home } = await stage()
    settle(home)
    const own = fakeUploader(home)
    const recording = (version: string): readonly string[] => {
      const steps: readonly Step[] = [['count', 'run'], ['close']]
      const script: Script = { library, version, uploader: own.uploader, steps }
      return [process.execPath, program('host'), JSON.stringify(script)]
    }
    for (let round = 0; round < 4; round += 1) {
      const [command, ...args] = start()
      await run(command, [...args, ...recording(`1.0.${round}`)], home)
    }
    rmSync(home.at('an-uploader-was-started'), { force: true })
    await run(process.execPath, recording('2.0.0').slice(1), home)
    await eventually(() => expect(own.wasStarted()).toBe(true))
  })

  it('are asked to stop by a disable, which says that it cannot see whether they have', async () => {
    const { home, collector } = await stage({ answer: { hang: 'before headers' } })
    fillQueue(home, 1)
    const [command, ...args] = start()
    const uploading = spawn(command, [...args, ...uploaderCommand], {
      env: { ...home.env, ...uploaderEnv },
      stdio: 'ignore',
    })
    await collector.received(1)
    // Its uploader goes with it, and leaves its lock.
    uploading.kill('SIGKILL')
    const { code, err } = await cli(home, ['disable'])
    expect(err.replaceAll('\n', ' ')).toMatch(
      /in a container.* may still be sending.*in 15 seconds/,
    )
    expect(code).toBe(1)
    const then = Date.now() / 1000 - 15
    utimesSync(path.join(home.state, '.lock'), then, then)
    expect(await cli(home, ['disable'])).toMatchObject({ code: 0 })
  })
})
