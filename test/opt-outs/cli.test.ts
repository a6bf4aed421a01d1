import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { findMounter } from '../support/mounts.ts'
import { cliCommand, run } from '../support/run.ts'
import { casesOf, hasSystemFile, layOut, underAdministrator } from './stage.ts'

const mounter = findMounter()
const cases = casesOf('cli').filter((one) => mounter !== undefined || !hasSystemFile(one))

describe('the CLI, or the executable in its place,', () => {
  it.concurrent.each(cases)('comes to the verdict of $name: $expect', async (one) => {
    const home = tempHome()
    const there = layOut(home, one)
    const status = [...cliCommand, 'status', '--json']
    const [command = '', ...args] =
      mounter && hasSystemFile(one) ? underAdministrator(mounter, there, status) : status
    const { out } = await run(command, args, home, there)
    expect(JSON.parse(out)).toMatchObject({ uploading: one.expect === 'on' })
  })
})
