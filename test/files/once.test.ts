import { expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { launcher, run } from '../support/run.ts'

/** The flags of V8 that a program sets after `begin` has been called, one way or the other. */
async function flagsOf(begin: string, settings: string): Promise<unknown> {
  const home = tempHome()
  home.write(home.settings, settings)
  const program = `
    const flags = []
    require('node:v8').setFlagsFromString = (flag) => flags.push(flag)
    const { open } = require(${JSON.stringify(launcher)})
    Promise.resolve(${begin}).then(() => console.error(JSON.stringify(flags)))`
  const { code, err } = await run(process.execPath, ['-e', program], home)
  expect(code).toBe(0)
  return JSON.parse(err)
}

const status = "open('cli').start(['status'])"
const large = Array.from({ length: 1500 }, (_, at) => `a${at} = "and so on"\n`).join('')

it('keeps V8 from optimizing while our own command reads a large file, and only then', async () => {
  expect(await flagsOf(status, large)).toEqual(['--no-opt', '--opt'])
  expect(await flagsOf(status, 'a = 1\n')).toEqual([])
})

it('leaves V8 alone in a program that is not ours', async () => {
  const library = "open('lib')"
  const words = `${library}.runCommands(${library}.runmat, ['status'], { version: '1.0.0' })`
  expect(await flagsOf(words, large)).toEqual([])
  const count = `${library}.openTelemetry(${library}.runmat, { version: '1.0.0' }).close()`
  expect(await flagsOf(count, large)).toEqual([])
})
