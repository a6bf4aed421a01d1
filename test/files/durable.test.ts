import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'
import { cli } from '../support/run.ts'
import { faultHome, uploader, stage } from '../faults/stage.ts'
import { fillQueue } from '../support/events.ts'

/**
 * What a process did, in order, to reach the disk: each file by its last name, without what is random
 * in the names of temporary files.
 */
function callsIn(home: Home, log: string): readonly string[] {
  const bare = (file: string) => path.basename(file).replace(/\.\d+\.\w+\.tmp$/, '.tmp')
  return home
    .read(log)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').map(bare).join(' '))
}

/** The calls about one file and its folder, from its temporary file on. */
function callsAbout(calls: readonly string[], name: string, folder: string): readonly string[] {
  const first = calls.indexOf(`create ${name}.tmp`)
  return calls.slice(first).filter((call) => call.includes(name) || call === `fsync ${folder}`)
}

describe('a file that must survive a power cut is synced before it gets its name', () => {
  it('settings', async () => {
    const home = faultHome()
    const log = home.at('calls')
    await cli(home, ['disable'], { env: withFsFaults(home, { log }) })
    expect(callsAbout(callsIn(home, log), 'config.toml', 'runmat').slice(0, 4)).toEqual([
      'create config.toml.tmp',
      'fsync config.toml.tmp',
      'rename config.toml.tmp -> config.toml',
      'fsync runmat',
    ])
  })

  it('the state of the uploader', async () => {
    const { home } = await stage()
    fillQueue(home, 1)
    const log = home.at('calls')
    await uploader(home, { env: withFsFaults(home, { log }) })
    expect(callsAbout(callsIn(home, log), 'uploads.json', 'telemetry').slice(0, 4)).toEqual([
      'create uploads.json.tmp',
      'fsync uploads.json.tmp',
      'rename uploads.json.tmp -> uploads.json',
      'fsync telemetry',
    ])
  })

  it('the client id', async () => {
    const home = faultHome()
    const log = home.at('calls')
    const input = JSON.stringify({ subcommand: 'run' })
    await cli(home, ['record', 'usage'], { input, env: withFsFaults(home, { log }) })
    expect(callsAbout(callsIn(home, log), 'telemetry_id', '').slice(0, 3)).toEqual([
      'create telemetry_id.tmp',
      'fsync telemetry_id.tmp',
      'link telemetry_id.tmp -> telemetry_id',
    ])
  })
})
