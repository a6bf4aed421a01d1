import { describe, expect, it } from 'vitest'

import { namesIn, queueContent } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { cli } from '../support/run.ts'

const run = { event_label: 'runtime.run.finished', run_kind: 'script' }
const done = { duration_us: 4412, success: true }
const install = { event_label: 'install_start', method: 'shell', platform: 'linux-x86_64' }

const record = (home: Home, kind: string, input: unknown) =>
  cli(home, ['record', kind], { input: typeof input === 'string' ? input : JSON.stringify(input) })

describe.concurrent('record makes no client id', () => {
  it.each<[string, unknown]>([
    ['runtime', { ...run, run_kind: 'nonsense', payload: done }],
    ['runtime', { ...run, payload: { ...done, success: 'yes' } }],
    ['runtime', { ...run, event_label: 'runtime.run.paused' }],
    ['install', { ...install, method: 7 }],
    ['install', '[]'],
    ['usage', { subcommand: 'nonsense' }],
  ])('for %s input that it refuses: %j', async (kind, input) => {
    const home = tempHome()
    const { code, err } = await record(home, kind, input)
    expect(err).not.toBe('')
    expect(code).toBe(2)
    expect(namesIn(home.path)).toEqual([])
  })

  it.each<[string, unknown]>([
    ['runtime', { ...run, payload: done }],
    ['install', install],
    ['usage', { subcommand: 'run' }],
  ])('while uploads = false, for record %s', async (kind, input) => {
    const home = tempHome()
    home.write(home.settings, '[telemetry]\nuploads = false\n')
    const { code } = await record(home, kind, input)
    expect(code).toBe(0)
    expect(home.has(home.clientId)).toBe(false)
    expect(queueContent(home)).toEqual({})
  })
})

it.concurrent.each([
  ['runtime', { ...run, payload: done }],
  ['install', install],
])(
  'record %s makes a client id for an event that it queues and includes it',
  async (kind, input) => {
    const home = tempHome()
    await record(home, kind, input)
    const cid = home.read(home.clientId).trim()
    const { event_label } = input
    const events = Object.values(queueContent(home)).map((bytes) => JSON.parse(bytes) as object)
    expect(events).toContainEqual(expect.objectContaining({ event_label, cid }))
  },
)
