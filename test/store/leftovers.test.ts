import { mkdirSync, readdirSync, utimesSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { assess } from '../../src/settings/context.ts'
import { removeDelivered, removeLeftovers } from '../../src/store/cleanup.ts'
import { noteSent } from '../../src/store/ledger.ts'
import { enqueue, nameOf } from '../../src/store/queue.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'

const unfinished = '4242.k3x9a0b1.tmp'

describe('what a killed process has left', () => {
  it.each(['disable', 'enable', 'forget --yes'])(
    'beside the settings goes with the next command that changes them (%s)',
    async (line) => {
      const home = tempHome()
      home.write(home.settings, '[runtime.telemetry]\nenabled = false\n')
      const file = home.write(`${home.settings}.${unfinished}`, '[runtime.tel')
      const others = ['config.toml.bak.tmp', `other.toml.${unfinished}`].map((name) =>
        home.write(path.join(path.dirname(home.settings), name), ''),
      )
      expect(await command(environmentIn(home.path), line.split(' '))).toMatchObject({ code: 0 })
      expect(home.has(file)).toBe(false)
      expect(others.filter(home.has)).toEqual(others)
    },
  )

  it('beside the client id goes when it is old, and nothing else does', () => {
    const home = tempHome()
    const [file, fresh, foreign] = [
      `${home.clientId}.${unfinished}`,
      `${home.clientId}.5${unfinished}`,
      path.join(path.dirname(home.clientId), 'scratch.tmp'),
    ] as const
    const old = Date.now() / 1000 - 2 * 60 * 60
    for (const one of [file, foreign]) utimesSync(home.write(one, ''), old, old)
    home.write(fresh, '')
    removeLeftovers(assess(runmat, environmentIn(home.path), '1.0.0').paths)
    expect([file, fresh, foreign].map(home.has)).toEqual([false, true, true])
  })
})

describe('what a killed uploader had noted as delivered', () => {
  it('goes, and no file that another program has put into the queue', () => {
    const home = tempHome()
    const { paths } = assess(runmat, environmentIn(home.path), '1.0.0')
    const [delivered, waiting] = fillQueue(home, 2)
    const others = home.write(path.join(paths.queue, 'event.json'), waiting?.bytes ?? '')
    // Older installers gave their events no id.
    const events = [delivered?.bytes ?? '', '{"event_label":"install_start"}']
    const sending = {
      sentAt: '2026-01-01T00:00:00Z',
      endpoint: '',
      via: 'http',
      confirmed: true,
    } as const
    noteSent(paths.ledger, sending, ...events)
    removeDelivered(paths)
    expect(Object.values(queueContent(home))).toEqual([waiting?.bytes, waiting?.bytes])
    expect(home.has(others)).toBe(true)
  })
})

describe('an event whose file cannot get its name', () => {
  it('leaves nothing', () => {
    const queue = tempHome().at('queue')
    const event = { sequence: 1, at: 0, id: '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7' }
    const name = nameOf({ ...event, bytes: 2 })
    mkdirSync(path.join(queue, name), { recursive: true })
    expect(() => enqueue(queue, event, '{}')).toThrow('EISDIR')
    expect(readdirSync(queue)).toEqual([name])
  })
})
