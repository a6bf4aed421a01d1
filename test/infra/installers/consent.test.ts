import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { runmat } from '../../../src/product/runmat.ts'
import { optOuts } from '../../support/opt-outs.ts'
import { cliJson } from '../../support/run.ts'
import { canInstall, isOn, openStage } from './stage.ts'

describe.skipIf(!canInstall)('an opt-out, to install.sh,', () => {
  const others = optOuts.filter(({ rule }) => rule !== 'ingestion_key')

  it.each(others)('is every no that RunMat knows: $rule', async ({ say }) => {
    const stage = await openStage()
    expect(await isOn(stage, say(stage.home))).toBe(false)
  })

  it.each([
    ['1', false],
    ['true', false],
    ['please', false],
    [' ', true],
    ['', true],
    ['0', true],
    [' FALSE ', true],
    ['No', true],
    ['off', true],
  ])('is not heard in a variable that itself says no: %j', async (value, on) => {
    const no = await openStage()
    expect(await isOn(no, { RUNMAT_NO_TELEMETRY: value })).toBe(on)
    const track = await openStage()
    expect(await isOn(track, { DO_NOT_TRACK: value })).toBe(on)
    const toggle = await openStage()
    // Here an unclear word is a no, too.
    const yes = ['', '1', 'true'].includes(value.trim())
    expect(await isOn(toggle, { RUNMAT_TELEMETRY: value })).toBe(yes)
  })

  it.each([
    ['.config/runmat', 'a file'],
    ['.config', 'a file'],
    ['.runmat', 'a file'],
    ['.config/runmat', 'a link to a folder that is not there'],
    ['.config', 'a link to a folder that is not there'],
    ['.runmat', 'a link to a folder that is not there'],
  ])(
    'may be in the settings’ folder %s, in whose place is %s, and is to RunMat, too',
    async (folder, what) => {
      const stage = await openStage()
      const place = stage.home.at(folder)
      rmSync(place, { recursive: true, force: true })
      mkdirSync(path.dirname(place), { recursive: true })
      if (what === 'a file') stage.home.write(folder, '')
      else symlinkSync(stage.home.at('unmounted/config'), place)
      expect(await cliJson(stage.home, ['status'])).toMatchObject({ collecting: false })
      expect(await isOn(stage)).toBe(false)
    },
  )

  it.each([
    '[runtime.telemetry]\nenabled = false\n',
    '[telemetry]\nenabled = false\n',
    '\ufeff[telemetry]\r\nenabled = false\r\n',
    'telemetry.enabled = false',
    '[runtime]\ntelemetry.enabled = false\n',
    '[runtime]\ntelemetry = { enabled = false }\n',
    '[ runtime . "telemetry" ] # ours\n\t"enabled" =false # no\n',
    '[runtime.telemetry]\nenabled = "true"\n',
    '[runtime.telemetry]\nenabled = 1\n',
    '[telemetry]\nuploads = false\n',
    '[runtime.telemetry]\nhttp_endpoint = "https://example.com/t"\n',
    '[a]\nx = """\n[b]\n"""\n',
    '[telemetry]\nx = [\n[1]\n]\nenabled = false\n',
    'enabled',
    '[telemetry',
    'a = \n',
  ])('is heard in settings: %j', async (text) => {
    const stage = await openStage()
    stage.home.write('.config/runmat/config.toml', text)
    expect(await isOn(stage)).toBe(false)
  })

  it.each([
    '',
    '# enabled = false\n',
    '[runtime.telemetry]\nenabled = true # enabled = false\n',
    '[runtime.telemetry]\r\nenabled = true\r\nhttp_endpoint = ""\r\nqueue_size = 256\r\n',
    '[accelerate]\nenabled = false\n\n[jit]\nlevel = "telemetry"\n',
    'telemetry.enabled = true\n[runtime.telemetry]\nenabled=true\n[other]\nenabled = false\n',
  ])('is not heard in other settings: %j', async (text) => {
    const stage = await openStage()
    stage.home.write('.config/runmat/config.toml', text)
    expect(await isOn(stage)).toBe(true)
  })

  it.each<[string, string, Record<string, string>]>([
    ['another configuration folder', 'xdg/runmat/config.toml', { XDG_CONFIG_HOME: 'xdg' }],
    ['the older settings file', '.runmat/config.toml', {}],
    ['the working folder', 'a/b/runmat.toml', {}],
    ['a folder above', 'a/runmat.toml', {}],
    ['the file that a variable names', 'a/b/named.toml', { RUNMAT_CONFIG: 'named.toml' }],
    ['a named file that is not there', 'other.toml', { RUNMAT_CONFIG: 'named.toml' }],
    ['settings that cannot be read', '.runmat/config.toml/x', {}],
    ['a home that is nowhere', 'other.toml', { HOME: '.', RUNMAT_INSTALL_DIR: 'bin' }],
  ])('is heard from %s', async (_, file, env) => {
    const stage = await openStage()
    stage.home.write('a/b/.keep', '')
    stage.home.write(file, '[runtime.telemetry]\nenabled = false\n')
    if (env['XDG_CONFIG_HOME']) env['XDG_CONFIG_HOME'] = stage.home.at('xdg')
    const ended = await stage.install({ env, cwd: stage.home.at('a/b') })
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(await stage.labels()).toEqual([])
    expect(stage.home.has(stage.home.clientId)).toBe(false)
  })

  it('is heard from every variable that marks a build, a test or a worker', async () => {
    const stage = await openStage()
    const { ci, tests, workers } = runmat.suppressed
    for (const name of [...ci, ...tests, ...workers, 'BUILD_NUMBER', 'bamboo_planKey']) {
      if (await isOn(stage, { [name]: 'true' })) throw new Error(`${name} is not heard`)
    }
    expect(stage.home.has(stage.home.clientId)).toBe(false)
  })
})
