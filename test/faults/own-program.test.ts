import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns, processesOf } from '../support/processes.ts'
import { cli, executable, root, run } from '../support/run.ts'
import { settle, stage } from './stage.ts'

/** Says that it runs, records an event that is due to be sent, and ends. */
const hostCode = `
  const { appendFileSync } = require('node:fs')
  const { createRequire } = require('node:module')
  appendFileSync(process.env.HOST_STARTS, 'once more\\n')
  const library = createRequire(process.env.HOST_LIBRARY)(process.env.HOST_LIBRARY)
  const { openTelemetry, runCommands, runmat } = library
  if (process.env.HOST_COMMAND) {
    void runCommands(runmat, [process.env.HOST_COMMAND], { version: '1.0.0' })
  } else {
    const telemetry = openTelemetry(runmat, { version: '1.0.0' })
    telemetry.count('run')
    void telemetry.close()
  }
`

interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const postject = path.join(root, 'node_modules/postject/dist/cli.js')

/** Node's own single executable, under Node's own name. */
function singleExecutable(home: Home): Program {
  const main = home.write('app/main.cjs', hostCode)
  const blob = home.at('app/main.blob')
  const config = home.write(
    'app/sea.json',
    JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }),
  )
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'ignore' })
  const command = home.at('app/node')
  copyFileSync(process.execPath, command)
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
  const words = [postject, command, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse]
  execFileSync(process.execPath, words, { stdio: 'ignore' })
  return { command, args: [] }
}

function underAnotherName(home: Home): Program {
  const command = home.at('acme')
  copyFileSync(process.execPath, command)
  return { command, args: [home.write('main.cjs', hostCode)] }
}

/** Electron says so in its versions, and is Node to everything else. */
function electron(home: Home): Program {
  const preload = home.write(
    'electron.cjs',
    `Object.defineProperty(process.versions, 'electron', { value: '33.0.0' })`,
  )
  return { command: process.execPath, args: ['-r', preload, home.write('main.cjs', hostCode)] }
}

function plainNode(home: Home): Program {
  return { command: process.execPath, args: [home.write('main.cjs', hostCode)] }
}

describe.skipIf(executable !== undefined || process.platform === 'win32')(
  'a host without an uploader program',
  () => {
    const play = async (home: Home, { command, args, env = {} }: Program) => {
      const starts = home.at('starts')
      const more = { HOST_STARTS: starts, HOST_LIBRARY: path.join(root, 'dist/lib.cjs') }
      const ended = await run(command, args, home, { env: { ...env, ...more } })
      expect(ended).toEqual({ code: 0, signal: null, out: '', err: '' })
      return () => home.read('starts').trim().split('\n').length
    }

    it.each<[string, (home: Home) => Program]>([
      ['a single executable', singleExecutable],
      ['Node under another name', underAnotherName],
      ['an Electron app', electron],
    ])(
      'that is %s never starts itself, and its events wait',
      async (_, build) => {
        const { home, collector } = await stage()
        settle(home)
        const starts = await play(home, build(home))
        expect(processesOf(home)).toEqual([])
        expect([starts(), collector.requests]).toEqual([1, 0])
        expect(Object.keys(queueContent(home))).toHaveLength(1)
      },
      // The executable is as large as Node, and the disk may be busy.
      180_000,
    )

    it('says in doctor that its events wait, and how to send them', async () => {
      const { home } = await stage()
      settle(home)
      const { command, args } = underAnotherName(home)
      const env = {
        HOST_STARTS: home.at('starts'),
        HOST_LIBRARY: path.join(root, 'dist/lib.cjs'),
        HOST_COMMAND: 'doctor',
      }
      const { out } = await run(command, args, home, { env })
      expect(out).toMatch(/^warning: This program has no uploader .*run runmat-telemetry upload$/m)
      const alone = await cli(home, ['doctor'])
      expect(alone.out).not.toContain('no uploader')
    })

    it('is not what plain Node is: it starts the uploader', async () => {
      const { home, collector } = await stage()
      settle(home)
      const starts = await play(home, plainNode(home))
      await nothingRuns(home)
      expect([starts(), collector.requests]).toEqual([1, 1])
      expect(queueContent(home)).toEqual({})
    })
  },
)
