import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { cli, cliJson } from '../support/run.ts'

describe('a file where the cache folder should be', () => {
  it('holds no uploader, and keeps nothing from being turned off', async () => {
    const home = tempHome()
    home.write('.cache', '')
    expect(await cliJson(home, ['status'])).toMatchObject({ uploader: { running: false } })
    expect(await cli(home, ['disable'])).toMatchObject({ code: 0, err: '' })
    expect(await cliJson(home, ['status'])).toMatchObject({ collecting: false })
  })
})
