import { describe, expect, it } from 'vitest'

import type { Step } from '../programs/host.ts'
import { queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { cli, cliCommand, cliJson, type Ended, type RunOptions } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'
import { configure, host as runHost, udpSink } from '../runs/stage.ts'
import {
  host,
  idsAt,
  library,
  ownUploader,
  settle,
  stage,
  fakeUploader,
  uploader as runUploader,
} from './stage.ts'

const steps: readonly Step[] = [['count', 'run', 'success'], ['select', 'jit'], ['close']]

const claim = JSON.stringify({ subcommand: 'run', outcome: 'success', engine: 'jit' })

interface Recorder {
  readonly record: (home: Home, version: string, options?: RunOptions) => Promise<Ended>
  /** The same by a host that has shown the notice itself. */
  readonly recordShown: Recorder['record']
  /** What a shell runs to record the same in a terminal. */
  readonly command: (version: string) => readonly string[]
}

const viaCli = (version: string, ...more: readonly string[]) => ({
  args: ['record', 'usage', ...more],
  input: JSON.stringify({ ...(JSON.parse(claim) as object), version }),
})

const recorders: [string, Recorder][] = [
  [
    'the library',
    {
      record: (home, version, options) => host(home, { version, steps }, options),
      recordShown: (home, version, options) =>
        host(home, { version, steps, notice: 'shown' }, options),
      command: (version) => [
        process.execPath,
        program('host'),
        JSON.stringify({ library, version, steps, uploader: ownUploader }),
      ],
    },
  ],
  [
    'the command line',
    {
      record: (home, version, options) => {
        const { args, input } = viaCli(version)
        return cli(home, args, { ...options, input })
      },
      recordShown: (home, version, options) => {
        const { args, input } = viaCli(version, '--notice-shown')
        return cli(home, args, { ...options, input })
      },
      command: (version) => {
        const { args, input } = viaCli(version)
        const line = [...cliCommand, ...args].map((word) => `"${word}"`).join(' ')
        return ['sh', '-c', `echo "$1" | ${line}`, 'sh', input]
      },
    },
  ],
]

const notice =
  /^RunMat collects usage statistics(.*\n){3}.*first run.*\n.*print\n.*disable.*\nMore: .*\n$/

/** The events in the queue, oldest first, as they lie there. */
const queued = (home: Home): readonly string[] => Object.values(queueContent(home))

describe.concurrent('the notice', () => {
  it.skipIf(!requireTool('script')).each(recorders)(
    'counts as seen once %s shows it in a terminal: that run sends nothing, the next one does',
    async (_, { record, command }) => {
      const { home, collector } = await stage()
      const terminal = openTerminal(home, command('1.0.0'))
      expect(await terminal.ended).toBe(0)
      expect(terminal.shown().replaceAll('\r', '')).toMatch(notice)
      await nothingRuns(home)
      const waiting = queued(home)
      expect(waiting).toHaveLength(3)
      expect(collector.connections).toBe(0)

      expect(await record(home, '1.0.0')).toMatchObject({ code: 0, out: '', err: '' })
      await collector.received(4)
      await nothingRuns(home)
      expect(collector.events.map(({ text }) => text)).toEqual(expect.arrayContaining([...waiting]))
      expect(new Set(idsAt(collector)).size).toBe(4)
      expect(await record(home, '1.0.0')).toMatchObject({ code: 0, out: '', err: '' })
    },
  )

  it.each(recorders)(
    'does not count where nobody sees it: however often %s records, only upload sends',
    async (_, { record }) => {
      const { home, collector } = await stage()
      const first = await record(home, '1.0.0')
      expect(first).toMatchObject({ code: 0, out: '', err: expect.stringMatching(notice) })
      for (const version of ['1.0.0', '1.0.1', '1.0.2']) {
        // A log or a pipe gets it once.
        expect(await record(home, version)).toMatchObject({ code: 0, out: '', err: '' })
      }
      await runUploader(home)
      await nothingRuns(home)
      expect(queued(home)).toHaveLength(7)
      expect(collector.connections).toBe(0)
      // Who runs this wants it sent.
      expect(await cli(home, ['upload'])).toMatchObject({ code: 0 })
      expect(idsAt(collector)).toHaveLength(7)
    },
  )

  it.each(recorders)(
    'is not shown by %s for a host that has shown it itself, and counts',
    async (_, { recordShown, record }) => {
      const { home, collector } = await stage()
      const silence = { code: 0, signal: null, out: '', err: '' }
      expect(await recordShown(home, '1.0.0')).toEqual(silence)
      await nothingRuns(home)
      expect(collector.connections).toBe(0)
      expect(await record(home, '1.0.0')).toEqual(silence)
      await collector.received(4)
      await nothingRuns(home)
    },
  )

  it('keeps all events of a run in the queue', async () => {
    const { home, collector } = await stage()
    const { socket, address, received } = await udpSink()
    configure(home, collector.url, `udp_endpoint = "${address}"\ndrain_timeout_ms = 5000\n`)
    for (let time = 0; time < 2; time += 1) {
      expect(await runHost(home, {})).toMatchObject({ code: 0 })
    }
    await nothingRuns(home)
    socket.unref()
    expect([collector.connections, received]).toEqual([0, []])
    expect(queued(home).length).toBeGreaterThanOrEqual(4)
  })

  it('holds events back as long as the process runs, even if telemetry is closed and opened again', async () => {
    const { home, collector } = await stage()
    const { uploader, wasStarted } = fakeUploader(home)
    const ended = await host(home, {
      steps: [...steps, ...steps, ['close']],
      uploader,
      notice: 'shown',
    })
    expect(ended.err).toBe('')
    expect(wasStarted()).toBe(false)
    expect(collector.connections).toBe(0)
  })

  it('is not shown while telemetry is off, and nothing is written', async () => {
    const { home } = await stage()
    const silence = { code: 0, signal: null, out: '', err: '' }
    expect(await host(home, { steps }, { env: { DO_NOT_TRACK: '1' } })).toEqual(silence)
    expect([home.has('.cache'), home.has('.runmat')]).toEqual([false, false])
    expect((await host(home, { steps })).err).toMatch(notice)
  })

  it('is printed with --json, too', async () => {
    const { home, collector } = await stage()
    expect(await cliJson(home, ['status'])).toMatchObject({ collecting: true })
    const ended = await cli(home, ['record', 'usage', '--json'], { input: claim })
    expect(JSON.parse(ended.out)).toMatchObject({ collecting: true })
    expect(ended.err).toMatch(notice)
    expect(collector.connections).toBe(0)
  })
})

describe.concurrent('RUNMAT_TELEMETRY_SHOW=1', () => {
  it.each(recorders)('shows the bytes that %s queues on stderr', async (_, { record }) => {
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

  it.each(recorders)(
    'with show_payloads also shows what %s queues on stdout',
    async (_, { record }) => {
      const { home } = await stage({ answer: 400 })
      settle(home)
      home.write(home.settings, `${home.read(home.settings)}show_payloads = true\n`)
      const { out, err } = await record(home, '1.0.0', { env: { RUNMAT_TELEMETRY_SHOW: '1' } })
      expect(out).toBe(`${queued(home).join('\n')}\n`)
      expect(err).toBe(out)
      await nothingRuns(home)
    },
  )

  it('with show_payloads and --json leaves stdout to the JSON document', async () => {
    const { home } = await stage({ answer: 400 })
    settle(home)
    home.write(home.settings, `${home.read(home.settings)}show_payloads = true\n`)
    const { out, err } = await cli(home, ['record', 'usage', '--json'], { input: claim })
    expect(JSON.parse(out)).toMatchObject({ collecting: true })
    expect(err).toBe(`${queued(home).join('\n')}\n`)
    await nothingRuns(home)
  })

  it('shows nothing while telemetry is off', async () => {
    const { home } = await stage()
    const env = { RUNMAT_TELEMETRY_SHOW: '1', RUNMAT_NO_TELEMETRY: '1' }
    const silence = { code: 0, signal: null, out: '', err: '' }
    expect(await host(home, { steps }, { env })).toEqual(silence)
  })
})
