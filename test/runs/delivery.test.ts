import { once } from 'node:events'

import { describe, expect, it } from 'vitest'

import { eventually } from '../support/eventually.ts'
import { cli, cliJson } from '../support/run.ts'
import type { Home } from '../support/home.ts'
import type { Collector } from '../support/collector.ts'
import { nothingRuns } from '../support/processes.ts'
import { configure, host, runStage, spent, udpSink } from './stage.ts'

interface RunEvent {
  event_label: string
  uuid: string
  session_id: string
  payload: Record<string, unknown>
}

const started = 'runtime.run.started'
const finished = 'runtime.run.finished'

const eventsAt = ({ events }: Collector) => events.map(({ json }) => json as RunEvent)

const labelsOf = (events: readonly RunEvent[]) => events.map(({ event_label: label }) => label)

/** Two that are under way at once may come in any order. */
const labelsAt = (collector: Collector) => labelsOf(eventsAt(collector)).toSorted()

const textsAt = ({ events }: Collector) => events.map(({ text }) => text).toSorted()

const queued = async (home: Home) =>
  (await cli(home, ['print', '--queued'])).out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunEvent)

describe.concurrent('a run while the collector answers', () => {
  it('sends its two events while it lasts and is in the log', async () => {
    const { home, collector } = await runStage({}, 'drain_timeout_ms = 5000\n')
    const ended = await host(home, {})
    expect(ended).toMatchObject({ code: 0, err: '' })
    const events = eventsAt(collector)
    expect(labelsAt(collector)).toEqual([finished, started])
    expect(new Set(events.map(({ session_id: id }) => id)).size).toBe(1)
    const end = events.find(({ event_label: label }) => label === finished)
    expect(end?.payload).toMatchObject({ success: true, jit_enabled: true, jit_used: true })
    expect(collector.events[0]?.headers['x-telemetry-key']).toBe('key-of-the-tests')
    expect(await queued(home)).toEqual([])
    expect(await cliJson<unknown[]>(home, ['log'])).toHaveLength(2)
  })

  it('has one start and one end, however often the host reports them', async () => {
    const { home, collector } = await runStage({}, 'drain_timeout_ms = 5000\n')
    await host(home, { end: 'close twice' })
    // Where the machine stands still for a moment, the end is left to the uploader.
    await cli(home, ['upload'])
    expect(labelsAt(collector)).toEqual([finished, started])
  })

  it('that is never finished has a start and no end', async () => {
    const { home, collector } = await runStage({}, 'drain_timeout_ms = 5000\n')
    await host(home, { finish: null })
    await cli(home, ['upload'])
    expect(labelsAt(collector)).toEqual([started])
  })

  it('that finishes after telemetry was closed has no end', async () => {
    const { home, collector } = await runStage({}, 'drain_timeout_ms = 5000\n')
    await host(home, { end: 'finish after close' })
    await cli(home, ['upload'])
    expect(labelsAt(collector)).toEqual([started])
  })

  it.each(['nothing', 'process.exit'] as const)(
    'of a host that ends with %s loses nothing',
    async (end) => {
      const { home, collector } = await runStage()
      expect(await host(home, { end })).toMatchObject({ code: 0, err: '' })
      await cli(home, ['upload'])
      const all = eventsAt(collector)
      expect(new Set(labelsOf(all))).toEqual(new Set([started, finished]))
      expect(new Set(all.map(({ uuid }) => uuid)).size).toBe(2)
      // What was on its way unconfirmed comes again under the same id, once.
      const times = (uuid: string) => all.filter((event) => event.uuid === uuid).length
      expect(Math.max(...all.map(({ uuid }) => times(uuid)))).toBeLessThanOrEqual(2)
    },
  )

  it.each([0, 100, 300])('sends each event once when answers take %i ms', async (afterMs) => {
    const { home, collector } = await runStage({ answer: { status: 204, afterMs } })
    const runs = 5
    for (let round = 0; round < runs; round += 1) {
      await host(home, {})
      await nothingRuns(home)
    }
    await cli(home, ['upload'])
    const uuids = eventsAt(collector).map(({ uuid }) => uuid)
    expect(new Set(uuids).size).toBe(2 * runs)
    // The first run may have to find out how long the collector takes.
    const later = uuids.filter((uuid) => uuids.indexOf(uuid) !== uuids.lastIndexOf(uuid))
    expect(new Set(later).size).toBeLessThanOrEqual(2)
  })

  it('of a host that is killed leaves complete events or none', async () => {
    const { home, collector } = await runStage()
    expect((await host(home, { end: 'kill' })).signal).toBe('SIGKILL')
    await cli(home, ['upload'])
    for (const label of labelsAt(collector)) expect([started, finished]).toContain(label)
  })
})

describe.concurrent('a run while the collector is away', () => {
  it.each<[string, Parameters<typeof runStage>[0]]>([
    ['hanging', { answer: { hang: 'before headers' } }],
    ['refusing', { answer: 503 }],
    ['resetting', { answer: 'reset' }],
  ])('(%s) goes to the queue and arrives later under the same ids', async (_, options) => {
    const { home, collector } = await runStage(options, 'drain_timeout_ms = 50\n')
    expect(await host(home, {})).toMatchObject({ code: 0, err: '' })
    const tried = eventsAt(collector).length
    const waiting = await queued(home)
    expect(labelsOf(waiting)).toEqual([started, finished])
    await nothingRuns(home)
    collector.setAnswer(204)
    await cli(home, ['upload'])
    expect(eventsAt(collector).length).toBeGreaterThanOrEqual(tried + 2)
    const left = await cliJson<{ event: RunEvent; confirmed: boolean }[]>(home, ['log'])
    const confirmed = left.filter((entry) => entry.confirmed)
    expect(confirmed.map(({ event }) => event.uuid).toSorted()).toEqual(
      waiting.map(({ uuid }) => uuid).toSorted(),
    )
    expect(await queued(home)).toEqual([])
  })

  it('does not wait with drain_mode = "none"', async () => {
    const settings = 'drain_mode = "none"\ndrain_timeout_ms = 5000\n'
    const { home } = await runStage({ answer: { hang: 'before headers' } }, settings)
    const patient = await runStage(
      { answer: { hang: 'before headers' } },
      'drain_timeout_ms = 4000\n',
    )
    const [hasty, waited] = await Promise.all([host(home, {}), host(patient.home, {})])
    expect(spent(waited).close).toBeGreaterThanOrEqual(3900)
    expect(spent(hasty).close).toBeLessThan(spent(waited).close / 2)
    expect(await queued(home)).toHaveLength(2)
  })

  it('posts nothing while a back-off is in force', async () => {
    const { home, collector } = await runStage()
    const later = new Date(Date.now() + 3_600_000).toISOString()
    home.write(`${home.state}/uploads.json`, JSON.stringify({ next_attempt: later, failures: 1 }))
    await host(home, {})
    expect(collector.requests).toBe(0)
    expect(await queued(home)).toHaveLength(2)
  })

  it('drops its oldest events from a full queue and counts them', async () => {
    const { home } = await runStage({ answer: { hang: 'before headers' } }, 'queue_size = 1\n')
    await host(home, { runs: 20 })
    // Four posts under way cannot give way any more; the bound is eight.
    expect((await queued(home)).length).toBe(8)
    const status = await cliJson<{ queue: { dropped: number } }>(home, ['status'])
    expect(status.queue.dropped).toBe(32)
  })
})

describe.concurrent('the endpoint of a run', () => {
  it('is not chosen by a project', async () => {
    const { home, collector } = await runStage({}, 'drain_timeout_ms = 5000\n')
    const project = await runStage()
    home.write('runmat.toml', `[runtime.telemetry]\nhttp_endpoint = "${project.collector.url}"\n`)
    await host(home, {})
    await collector.received(1)
    expect(project.collector.requests).toBe(0)
  })

  it.each(['RUNMAT_NO_TELEMETRY', 'DO_NOT_TRACK', 'CI'])('gets nothing under %s', async (name) => {
    const { home, collector } = await runStage()
    await host(home, {}, { env: { [name]: '1' } })
    expect(collector.requests).toBe(0)
    expect(await queued(home)).toEqual([])
  })

  it('gets nothing without a key', async () => {
    const { home, collector } = await runStage()
    await host(home, {}, { env: { RUNMAT_TELEMETRY_KEY: undefined } })
    expect(collector.requests).toBe(0)
  })

  it('gets nothing in the first run on a machine, whose events are queued', async () => {
    const { home, collector } = await runStage()
    home.write(`${home.state}/stats.json`, '')
    const fresh = await runStage()
    const { rmSync } = await import('node:fs')
    rmSync(fresh.home.state, { recursive: true })
    const ended = await host(fresh.home, {})
    expect(ended.err).toMatch(/collects usage statistics/)
    expect(fresh.collector.requests).toBe(0)
    expect((await queued(fresh.home)).length).toBe(4)
    expect(collector.requests).toBe(0)
  })
})

describe.concurrent('UDP', () => {
  it('carries each event as a datagram, in addition to HTTP', async () => {
    const { address, received, socket } = await udpSink()
    const { home, collector } = await runStage(
      {},
      `udp_endpoint = "${address}"\ndrain_timeout_ms = 5000\n`,
    )
    await host(home, {})
    while (received.length < 2) await once(socket, 'message')
    expect(received.toSorted()).toEqual(textsAt(collector))
  })

  it('carries no event that does not fit into a datagram', async () => {
    const { address, received, socket } = await udpSink()
    const { home, collector } = await runStage(
      {},
      `udp_endpoint = "${address}"\ndrain_timeout_ms = 5000\n`,
    )
    const name = 'x'.repeat(60)
    const figure = Number.MAX_SAFE_INTEGER
    const failure = {
      stage: 'runtime',
      code: `RunMat:${'A'.repeat(89)}`,
      hasSpan: true,
      host: 'desktop',
      component: 'c'.repeat(48),
    }
    await host(home, {
      finish: {
        success: false,
        failure,
        durationUs: figure,
        counters: { totalExecutions: figure, jitCompiled: figure, interpreterFallback: figure },
        provider: {
          device: { name, vendor: name, backend: 'inprocess' },
          gpuWallNs: figure,
          gpuDispatches: figure,
          gpuUploadBytes: figure,
          gpuDownloadBytes: figure,
          fusionCacheHits: figure,
          fusionCacheMisses: figure,
        },
      },
    })
    const sizes = collector.events.map(({ text }) => text.length)
    expect(Math.max(...sizes)).toBeGreaterThan(1200)
    if (received.length === 0) await once(socket, 'message')
    expect(labelsOf(received.map((text) => JSON.parse(text) as RunEvent))).toEqual([started])
  })

  it.each(['nowhere.invalid:7846', '127.0.0.1:1', '[::1]:9'])(
    'to %s does not disturb the host',
    async (address) => {
      const { home, collector } = await runStage(
        {},
        `udp_endpoint = "${address}"\ndrain_timeout_ms = 5000\n`,
      )
      expect(await host(home, {})).toMatchObject({ code: 0, err: '' })
      expect(collector.requests).toBe(2)
    },
  )
})

describe.concurrent('a setting for runs:', () => {
  it('sync_mode holds the host until each event is delivered', async () => {
    const { home, collector } = await runStage({}, 'sync_mode = true\ndrain_mode = "none"\n')
    const ended = await host(home, { end: 'process.exit' })
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(labelsOf(eventsAt(collector))).toEqual([started, finished])
    expect(await queued(home)).toEqual([])
  })

  it('show_payloads prints the very bytes to stdout', async () => {
    const { home, collector } = await runStage(
      {},
      'show_payloads = true\ndrain_timeout_ms = 5000\n',
    )
    const { out } = await host(home, {})
    const shown = out.split('\n').slice(0, 2)
    expect(shown.toSorted()).toEqual(textsAt(collector))
  })

  it('RUNMAT_TELEMETRY_SHOW prints them to stderr', async () => {
    const { home, collector } = await runStage({}, 'drain_timeout_ms = 5000\n')
    const { err } = await host(home, {}, { env: { RUNMAT_TELEMETRY_SHOW: '1' } })
    expect(err.trim().split('\n').toSorted()).toEqual(textsAt(collector))
  })
})

describe('host names', () => {
  it('that do not resolve delay no host', async () => {
    const { home } = await runStage()
    configure(home, 'https://nowhere.invalid/v1/t', 'udp_endpoint = "nowhere.invalid:7846"\n')
    const ended = await host(home, {})
    expect(ended).toMatchObject({ code: 0, err: '' })
    await eventually(async () => expect(await queued(home)).toHaveLength(2))
  })
})
