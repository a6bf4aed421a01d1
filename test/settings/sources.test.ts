import { symlinkSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { cliJson } from '../support/run.ts'

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
