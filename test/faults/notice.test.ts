import { describe, expect, it } from 'vitest'

import type { Step } from '../programs/host.ts'
import { queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { cli, cliJson, type Ended, type RunOptions } from '../support/run.ts'
import { host, idsAt, settle, stage, tattletale } from './stage.ts'

const steps: readonly Step[] = [['count', 'run', 'success'], ['select', 'jit'], ['close']]

const claim = JSON.stringify({ subcommand: 'run', outcome: 'success', engine: 'jit' })

type Recorder = (home: Home, version: string, options?: RunOptions) => Promise<Ended>

const recorders: [string, Recorder][] = [
  ['the library', (home, version, options) => host(home, { version, steps }, options)],
  [
    'the command line',
    (home, version, options) =>
      cli(home, ['record', 'usage'], {
        ...options,
        input: JSON.stringify({ ...(JSON.parse(claim) as object), version }),
      }),
  ],
]

const notice = /^RunMat collects anonymous usage statistics.*\n.*first run.*\n.*disable.*\n$/

/** The events in the queue, oldest first, as they lie there. */
const queued = (home: Home): readonly string[] => Object.values(queueContent(home))

describe.concurrent('the first run', () => {
  it.each(recorders)('of %s tells, and sends nothing; the next one sends', async (_, record) => {
    const { home, collector } = await stage()
    const first = await record(home, '1.0.0')
    expect(first).toMatchObject({ code: 0, out: '', err: expect.stringMatching(notice) })
    // An uploader would be there the moment its host is gone.
    await nothingRuns(home, 0)
    const waiting = queued(home)
    expect(waiting).toHaveLength(3)
    expect(collector.connections).toBe(0)

    expect(await record(home, '1.0.0')).toMatchObject({ code: 0, out: '', err: '' })
    await collector.received(4)
    await nothingRuns(home)
    expect(collector.events.map(({ text }) => text)).toEqual(expect.arrayContaining([...waiting]))
    expect(new Set(idsAt(collector)).size).toBe(4)
    expect(await record(home, '1.0.0')).toMatchObject({ code: 0, out: '', err: '' })
  })

  it('is not over as long as it runs, however often it is closed and opened', async () => {
    const { home, collector } = await stage()
    const { uploader, wasStarted } = tattletale(home)
    const ended = await host(home, { steps: [...steps, ...steps, ['close']], uploader })
    expect(ended.err).toMatch(notice)
    expect(wasStarted()).toBe(false)
    expect(collector.connections).toBe(0)
  })

  it('under a no is none: nobody is told, nothing is kept', async () => {
    const { home } = await stage()
    const silence = { code: 0, signal: null, out: '', err: '' }
    expect(await host(home, { steps }, { env: { DO_NOT_TRACK: '1' } })).toEqual(silence)
    expect([home.has('.cache'), home.has('.runmat')]).toEqual([false, false])
    expect((await host(home, { steps })).err).toMatch(notice)
  })

  it('is told of also where nobody listens', async () => {
    const { home, collector } = await stage()
    expect(await cliJson(home, ['status'])).toMatchObject({ collecting: true })
    const ended = await cli(home, ['record', 'usage', '--json'], { input: claim })
    expect(JSON.parse(ended.out)).toMatchObject({ collecting: true })
    expect(ended.err).toMatch(notice)
    expect(collector.connections).toBe(0)
  })
})

describe.concurrent('RUNMAT_TELEMETRY_SHOW=1', () => {
  it.each(recorders)('shows on stderr the bytes that %s queues', async (_, record) => {
    const { home } = await stage({ answer: 400 })
    const options = { env: { RUNMAT_TELEMETRY_SHOW: '1' } }
    const first = await record(home, '1.0.0', options)
    expect(first.out).toBe('')
    const [, shown = ''] = first.err.split(/(?<=telemetry\n)(?=\{)/)
    expect(shown).toBe(
      queued(home)
        .map((bytes) => `${bytes}\n`)
        .join(''),
    )
    const before = new Set(queued(home))
    const next = await record(home, '1.0.1', options)
    const added = queued(home).filter((bytes) => !before.has(bytes))
    expect(added.length).toBeGreaterThan(0)
    expect([next.out, next.err]).toEqual(['', added.map((bytes) => `${bytes}\n`).join('')])
    await nothingRuns(home)
  })

  it.each(recorders)('and show_payloads: stdout has what %s queues, too', async (_, record) => {
    const { home } = await stage({ answer: 400 })
    settle(home)
    home.write(home.settings, `${home.read(home.settings)}show_payloads = true\n`)
    const { out, err } = await record(home, '1.0.0', { env: { RUNMAT_TELEMETRY_SHOW: '1' } })
    expect(out).toBe(`${queued(home).join('\n')}\n`)
    expect(err).toBe(out)
    await nothingRuns(home)
  })

  it('and show_payloads leave stdout to the document with --json', async () => {
    const { home } = await stage({ answer: 400 })
    settle(home)
    home.write(home.settings, `${home.read(home.settings)}show_payloads = true\n`)
    const { out, err } = await cli(home, ['record', 'usage', '--json'], { input: claim })
    expect(JSON.parse(out)).toMatchObject({ collecting: true })
    expect(err).toBe(`${queued(home).join('\n')}\n`)
    await nothingRuns(home)
  })

  it('shows nothing under a no', async () => {
    const { home } = await stage()
    const env = { RUNMAT_TELEMETRY_SHOW: '1', RUNMAT_NO_TELEMETRY: '1' }
    const silence = { code: 0, signal: null, out: '', err: '' }
    expect(await host(home, { steps }, { env })).toEqual(silence)
  })
})
