import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { program } from '../support/programs.ts'
import { run } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'

describe('words for people', () => {
  const say = (platform: string) => [process.execPath, program('say'), platform] as const

  it.skipIf(!requireTool('script')).each([
    ['win32', '1 through the stream', false],
    ['linux', '0 through the stream', true],
  ])('reach a terminal in its encoding (%s)', async (platform, way, areBytes) => {
    const terminal = openTerminal(tempHome(), say(platform))
    await terminal.sees(way)
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown().includes('Größe …')).toBe(areBytes)
  })

  it.each(['win32', 'linux'])('are UTF-8 where there is no terminal (%s)', async (platform) => {
    const [command, ...args] = say(platform)
    const { out, err } = await run(command, args, tempHome())
    expect({ out, err }).toEqual({ out: '0 through the stream\n', err: 'Größe …\n' })
  })
})
