import {
  closeSync,
  openSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs'

import { describe, expect, it } from 'vitest'

import { eventually } from '../support/eventually.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { tempHome } from '../support/home.ts'
import { cli, cliJson, executable } from '../support/run.ts'

const verdictIn = (home: ReturnType<typeof tempHome>) =>
  cliJson<{ collecting: boolean; decided_by: string }>(home, ['status'])

describe.concurrent('telemetry is off if', () => {
  it('the project’s runmat.toml is a broken link', async () => {
    const home = tempHome()
    symlinkSync(home.at('gone.toml'), home.at('runmat.toml'))
    expect(await verdictIn(home)).toMatchObject({
      collecting: false,
      decided_by: 'invalid_settings',
    })
  })

  it.each(['runtime.telemetry', 'telemetry'])(
    'only the second of two keys in one file says no: %s',
    async (table) => {
      const home = tempHome()
      const other = table === 'telemetry' ? 'runtime.telemetry' : 'telemetry'
      home.write(home.settings, `[${other}]\nenabled = true\n[${table}]\nenabled = false\n`)
      expect(await verdictIn(home)).toMatchObject({
        collecting: false,
        decided_by: 'user_settings',
      })
    },
  )
})

describe.concurrent('a settings file that was emptied', () => {
  const no = '[runtime.telemetry]\nenabled = false\n'
  const yes = '[runtime.telemetry]\nenabled = true\n'
  const other = '[plotting]\nmode = "auto"\n\n'
  /** As an editor does that will write it in a moment. */
  const emptied = (agoMs: number, name?: string): ReturnType<typeof tempHome> => {
    const home = tempHome()
    const file = home.write(name ?? home.settings, no)
    truncateSync(file)
    const { birthtimeMs } = statSync(file)
    const at = Math.max(Date.now() - agoMs, birthtimeMs + 100) / 1000
    utimesSync(file, at, at)
    return home
  }

  it('is unclear for a moment', async () => {
    expect(await verdictIn(emptied(-700))).toMatchObject({
      collecting: false,
      decided_by: 'invalid_settings',
    })
  })

  it('says nothing if it stays empty', async () => {
    const home = emptied(0)
    await eventually(async () => expect(await verdictIn(home)).toMatchObject({ collecting: true }))
  })

  it.skipIf(executable !== undefined)(
    'is not replaced before the program that emptied it has written it again',
    async () => {
      for (const [command, code, said] of [
        ['enable', 1, `${other}${no}`],
        ['disable', 0, `${other}${no}`],
        ['disable', 0, `${other}${yes}`],
      ] as const) {
        const home = emptied(-700)
        const log = home.write('log', '')
        const editor = openSync(home.settings, 'r+')
        const ended = cli(home, [command], { env: withFsFaults(home, { log }) })
        await eventually(() => expect(home.read(log)).toMatch(/^fsync .*config\.toml.*tmp$/m))
        writeSync(editor, said)
        closeSync(editor)
        expect(await ended).toMatchObject({ code })
        expect(home.read(home.settings)).toBe(`${other}${no}`)
      }
    },
  )

  it.skipIf(executable !== undefined)(
    'gets a no even if JSON has to begin with a value',
    async () => {
      const json = '.config/runmat/config.json'
      const home = emptied(-700, json)
      const log = home.write('log', '')
      const editor = openSync(home.at(json), 'r+')
      const ended = cli(home, ['disable'], { env: withFsFaults(home, { log }) })
      await eventually(() => expect(home.read(log)).toMatch(/^fsync .*config\.json.*tmp$/m))
      writeSync(editor, '{"other": 1}')
      closeSync(editor)
      expect(await ended).toMatchObject({ code: 0 })
      expect(JSON.parse(home.read(json))).toMatchObject({
        other: 1,
        runtime: { telemetry: { enabled: false } },
      })
    },
  )

  it.each(['disable', 'enable'])('can be changed all the same: %s', async (command) => {
    const home = emptied(-700)
    expect(await cli(home, [command])).toMatchObject({ code: 0 })
    expect(home.read(home.settings)).toContain(`enabled = ${command === 'enable'}`)
  })
})
