import { existsSync, statSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { isTerminal, isTerminalDevice } from '../../src/files/terminal.ts'
import { tempHome } from '../support/home.ts'
import { launcher } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'

const devices = [
  ['/dev/null', false],
  ['/dev/zero', false],
  ['/dev/full', false],
  ['/dev/urandom', false],
  ['/dev/tty', true],
  ['/dev/ptmx', true],
] as const

describe.runIf(process.platform === 'linux')('a device', () => {
  it.each(devices.filter(([file]) => existsSync(file)))('%s: %j', (file, expected) => {
    expect(isTerminalDevice(statSync(file).rdev)).toBe(expected)
  })

  it.each([
    ['the first terminal of an emulator', 136, 0, true],
    ['the thousandth', 136, 1000, true],
    ['a serial line', 4, 64, true],
    ['a serial line of another kind', 204, 64, undefined],
    ['a disk', 8, 1, undefined],
  ])('%s, by its number', (_, major, minor, expected) => {
    const device = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)
    expect(isTerminalDevice(device)).toBe(expected)
  })
})

describe('what is no terminal', () => {
  it('is a descriptor that nobody has opened, or a file', () => {
    const stream = () => ({ isTTY: true })
    expect(isTerminal(9999, stream, 'linux')).toBe(false)
    expect(isTerminal(9999, stream, 'darwin')).toBe(false)
  })
})

// A stream, and all that it loads, takes as long as everything else that is done.
it.skipIf(!requireTool('script'))('is written to without a stream', async () => {
  const home = tempHome()
  const code = `
    const { open } = require(${JSON.stringify(launcher)})
    const before = new Set(process.moduleLoadList)
    open('cli').start(['status']).then(() => {
      const loaded = process.moduleLoadList.filter((name) => !before.has(name))
      require('fs').writeSync(1, 'loaded: ' + loaded.filter((name) => /stream|tty/.test(name)) + '.')
    })`
  // Without the guard of these tests, which loads them itself.
  const alone = { ...home, env: { HOME: home.path, PATH: home.env['PATH'] ?? '' } }
  const terminal = openTerminal(alone, [process.execPath, '-e', code])
  await terminal.sees('RunMat telemetry is off.')
  await terminal.sees('loaded: .')
  expect(await terminal.ended).toBe(0)
})
