import { expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { namesIn } from '../support/events.ts'
import { cli } from '../support/run.ts'

it('record reads at most a megabyte, and says so', async () => {
  const home = tempHome()
  const input = JSON.stringify({ subcommand: 'run' }).padEnd(3 * 1024 * 1024)
  const { code, out, err } = await cli(home, ['record', 'usage'], { input })
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/larger than a megabyte/)
  expect(namesIn(home.path)).toEqual([])
})
