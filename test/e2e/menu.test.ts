import { readdirSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { cliCommand } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'

/** Stands under a question that waits for an answer, and no longer under one that has it. */
const question = 'to navigate'

describe.skipIf(!requireTool('script')).concurrent('the menu', () => {
  it('opens in a terminal, and Ctrl-C leaves everything as it was', async () => {
    const home = tempHome()
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees(question)
    expect(terminal.shown()).toContain('RunMat telemetry is on.')
    terminal.press('interrupt')
    expect(await terminal.ended).toBe(0)
    expect(readdirSync(home.path)).toEqual([])
  })

  it('looks, previews, and turns off and on', async () => {
    const home = tempHome()
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees(question)
    terminal.press('enter')
    await terminal.sees('On this machine')
    await terminal.sees(question)
    terminal.press('down', 'enter')
    await terminal.sees('"trigger": "preview"')
    await terminal.sees(question)
    expect(readdirSync(home.path)).toEqual([])
    terminal.press('down', 'down', 'down', 'enter')
    await terminal.sees('is off, for good')
    await terminal.sees('Turn on')
    await terminal.sees(question)
    expect(home.read(home.settings)).toBe('[runtime.telemetry]\nenabled = false\n')
    terminal.press('down', 'down', 'down', 'enter')
    await terminal.sees('Turned on in')
    await terminal.sees('Turn off')
    await terminal.sees(question)
    terminal.press('up', 'enter')
    expect(await terminal.ended).toBe(0)
    expect(home.read(home.settings)).toBe('[runtime.telemetry]\nenabled = true\n')
  })

  it('changes the address, and Ctrl-C at the question changes nothing', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:1/t"\n')
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees(question)
    terminal.press('down', 'down', 'down', 'down', 'enter')
    await terminal.sees('Send events to')
    terminal.press('interrupt')
    await terminal.sees(question)
    terminal.press('interrupt')
    expect(await terminal.ended).toBe(0)
    expect(home.read(home.settings)).toContain('"http://127.0.0.1:1/t"')
  })

  it('does not open where --json asks for data', async () => {
    const terminal = openTerminal(tempHome(), [...cliCommand, '--json'])
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown()).toContain('"collecting": true')
  })
})
