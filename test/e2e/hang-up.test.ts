import { expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'
import { fillQueue } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { cliCommand } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'

it.skipIf(!requireTool('script')).each([
  [['view', '--no-open'], 'Ctrl-C ends it.'],
  [['log', '--follow'], 'Ctrl-C ends it.'],
  [['upload'], 'Sending 1 event'],
])('%j ends with its terminal, and does not crash', async (args, isReady) => {
  const home = tempHome()
  const collector = await startCollector({ answer: { hang: 'before headers' } })
  home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
  fillQueue(home, 1)
  home.write('noting', 'trap : HUP; "$@"; echo $? > status.new; mv status.new status')
  // The first shell dies with its terminal, and with it whatever runs there.
  const command = ['sh', '-c', 'sh noting "$@"; exit', 'sh', ...cliCommand, ...args]
  const terminal = openTerminal(home, command)
  await terminal.sees(isReady)
  if (args[0] === 'upload') await collector.received(1)
  terminal.close()
  await eventually(() => expect(home.has('status')).toBe(true))
  const hangUp = 128 + 1
  expect(Number(home.read('status'))).toBe(hangUp)
  await collector.stop()
})
