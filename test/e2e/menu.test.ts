import { chmodSync, readdirSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { fillQueue } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { cliCommand } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'

/** Stands under a question that waits for an answer, and no longer under one that has it. */
const question = 'to navigate'

describe.skipIf(!requireTool('script')).concurrent('the menu', () => {
  it('opens in a terminal, and Ctrl-C changes nothing', async () => {
    const home = tempHome()
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees(question)
    expect(terminal.shown()).toContain('RunMat telemetry is on.')
    terminal.press('interrupt')
    expect(await terminal.ended).toBe(0)
    expect(readdirSync(home.path)).toEqual([])
  })

  it('shows, previews, turns off and on, and keeps the cursor where it was', async () => {
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
    terminal.press('down', 'down', 'enter')
    await terminal.sees('is off, for good')
    await terminal.sees('Turn telemetry on')
    await terminal.sees(question)
    expect(home.read(home.settings)).toBe('[runtime.telemetry]\nenabled = false\n')
    terminal.press('enter')
    await terminal.sees('Turned on in')
    await terminal.sees('Turn telemetry off')
    await terminal.sees(question)
    terminal.type('q')
    await terminal.sees('Bye.')
    expect(await terminal.ended).toBe(0)
    expect(home.read(home.settings)).toBe('[runtime.telemetry]\nenabled = true\n')
  })

  it('warns where RunMat itself would still send, and offers to stop it', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nenabled = false\n')
    home.write('runmat.toml', '[runtime.telemetry]\nenabled = true\n')
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees(question)
    expect(terminal.shown()).toContain('Warning: RunMat itself would still send from here.')
    expect(terminal.shown()).toContain('Turn telemetry off here, too')
    terminal.press('down', 'down', 'down', 'down', 'enter')
    await terminal.sees('in that file, too?')
    terminal.type('y')
    await terminal.sees('is off, for good')
    await terminal.sees(question)
    expect(home.read('runmat.toml')).toBe('[runtime.telemetry]\nenabled = false\n')
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
    const again = openTerminal(home, cliCommand)
    await again.sees(question)
    expect(again.shown()).not.toContain('Warning')
    expect(again.shown()).not.toContain('here, too')
    again.type('q')
    expect(await again.ended).toBe(0)
  })

  it('offers only what can work', async () => {
    const home = tempHome()
    const empty = openTerminal(home, cliCommand)
    await empty.sees(question)
    for (const offer of ['Send what waits', 'Show what was sent', 'Turn telemetry on', 'Erase']) {
      expect(empty.shown()).not.toContain(offer)
    }
    empty.type('q')
    await empty.sees('Nothing was changed.')
    expect(await empty.ended).toBe(0)
    fillQueue(home, 3)
    const waiting = openTerminal(home, cliCommand)
    await waiting.sees(question)
    expect(waiting.shown()).toContain('Send what waits')
    expect(waiting.shown()).toContain('Erase everything')
    waiting.press('interrupt')
    expect(await waiting.ended).toBe(0)
    chmodSync(home.state, 0o777)
    const foreign = openTerminal(home, cliCommand)
    await foreign.sees(question)
    expect(foreign.shown()).not.toContain('Send what waits')
    expect(foreign.shown()).not.toContain('Erase everything')
    foreign.press('interrupt')
    expect(await foreign.ended).toBe(0)
  })

  it('changes the address, and Ctrl-C and Ctrl-D change nothing', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:1/t"\n')
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees(question)
    terminal.press('down', 'down', 'down', 'down', 'enter')
    await terminal.sees('Send events to')
    terminal.press('interrupt')
    await terminal.sees('│  Cancelled\r\n')
    await terminal.sees(question)
    terminal.type('\u0004')
    await terminal.sees('│  Cancelled\r\n')
    await terminal.sees('Bye. Nothing was changed.')
    expect(await terminal.ended).toBe(0)
    expect(home.read(home.settings)).toContain('"http://127.0.0.1:1/t"')
  })

  it('takes an address with a q', async () => {
    const home = tempHome()
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees(question)
    terminal.press('down', 'down', 'down', 'down', 'enter')
    await terminal.sees('Send events to')
    terminal.type('?q=1')
    await terminal.sees('?q=1')
    terminal.press('enter')
    await terminal.sees(question)
    terminal.type('q')
    await terminal.sees('Bye.')
    expect(await terminal.ended).toBe(0)
    expect(home.read(home.settings)).toContain('/v1/t?q=1"')
  })

  it('shows what is longer than the terminal in the person’s pager, where Ctrl-C does not end us', async () => {
    const home = tempHome()
    const pager = `cat; echo 'paged until Ctrl-C'; exec tail -f /dev/null`
    const PAGER = `sh '${home.write('pager', pager)}'`
    const terminal = openTerminal({ ...home, env: { ...home.env, PAGER } }, cliCommand, 20)
    await terminal.sees(question)
    for (const lastLine of ['Turn it off for good', 'Nothing was sent or recorded.']) {
      terminal.press('enter')
      await terminal.sees(lastLine)
      await terminal.sees('paged until Ctrl-C')
      terminal.press('interrupt')
      await terminal.sees(question)
      terminal.press('down')
    }
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
  })

  it('is ended by the first signal, also after it has served the page', async () => {
    const terminal = openTerminal(tempHome(), cliCommand)
    await terminal.sees(question)
    terminal.press('up', 'up', 'enter')
    await terminal.sees('Ctrl-C ends it.')
    terminal.press('interrupt')
    await terminal.sees(question)
    process.kill(terminal.pid(), 'SIGTERM')
    expect(await terminal.ended).toBe(143)
  })

  it('does not open with --json', async () => {
    const terminal = openTerminal(tempHome(), [...cliCommand, '--json'])
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown()).toContain('"collecting": true')
  })
})
