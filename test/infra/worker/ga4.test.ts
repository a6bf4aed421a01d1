import { describe, expect, it } from 'vitest'

import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { startCollector } from '../../support/collector.ts'
import { finished, install, started, usage } from './support/events.ts'
import { ndjson, requestOf } from './support/requests.ts'
import { later, stage } from './support/stage.ts'

interface Post {
  readonly client_id: string
  readonly consent: object
  readonly events: readonly {
    readonly name: string
    readonly timestamp_micros?: number
    readonly params: Readonly<Record<string, string | number>>
  }[]
}

async function open(answer: Parameters<typeof startCollector>[0] = {}) {
  const ga4 = await startCollector(answer)
  later(() => ga4.stop())
  const made = await stage([], {
    GA_MEASUREMENT_ID: 'G-TEST',
    GA_API_SECRET: 'secret of the tests'.replaceAll(' ', '-'),
    GA_ENDPOINT: `http://127.0.0.1:${ga4.port}/mp/collect`,
  })
  const send = async (...events: readonly string[]) =>
    (await fetchHandlerOf(made.worker)(requestOf(events.join('\n'), { type: ndjson }))).status
  const posts = () => ga4.events.map(({ json }) => json as Post)
  return { ...made, ga4, send, posts }
}

const recently = Date.now() - 60_000
const recent = { duration_us: 12, timestamp_ms: recently, jit_enabled: true }

describe('GA4', () => {
  it('gets stored events in its own format', async () => {
    const { ga4, send, posts } = await open()
    expect(await send(finished({ payload: recent }))).toBe(204)
    await ga4.received(1)
    expect(ga4.events[0]?.path).toBe(
      '/mp/collect?measurement_id=G-TEST&api_secret=secret-of-the-tests',
    )
    const [post] = posts()
    expect(post?.client_id).toBe('eac98648-3b42-41c7-a887-7452dd08cbf0')
    expect(post?.consent).toEqual({ ad_user_data: 'DENIED', ad_personalization: 'DENIED' })
    expect(post?.events).toMatchObject([
      {
        name: 'runtime_run_finished',
        timestamp_micros: recently * 1000,
        params: { run_kind: 'script', os: 'linux', duration_us: 12, jit_enabled: 1 },
      },
    ])
  })

  it('and the metrics count an event once, however often it comes', async () => {
    const { ga4, send, posts, posthog, worker } = await open()
    const [bytes, next] = [finished({ payload: recent }), started({ payload: recent })]
    const answers = await Promise.all([send(bytes, bytes), send(bytes), send(bytes)])
    expect([...answers, await send(bytes), await send(next)]).toEqual([204, 204, 204, 204, 204])
    await ga4.received(2)
    await worker.close()
    expect(posts().map(({ events }) => events.length)).toEqual([1, 1])
    expect(posthog.stored).toHaveLength(2)
    const figures = await worker.figures()
    expect(figures).toContain('telemetry_events_accepted_total{family="runtime"} 2\n')
    expect(figures).toContain('telemetry_events_repeated_total 4\n')
  })

  it('gets no more than its limits allow', async () => {
    const { ga4, send, posts, worker } = await open()
    const trigger = `${new Date(recently).toISOString().slice(0, 19)}Z`
    const counts = Object.fromEntries(
      ['run', 'repl', 'check', 'benchmark', 'version', 'info', 'gc', 'config', 'login', 'fs'].map(
        (name) => [name, 1],
      ),
    )
    const events = [
      ...Array.from({ length: 60 }, () => started({ payload: recent })),
      finished({
        payload: {
          ...recent,
          error: 'Some:Name',
          'runtime.failure.component': 'name_resolution',
          counters: { total_executions: 1, jit_compiled: 2, interpreter_fallback: 3 },
          provider: { device: { name: 'NVIDIA RTX 4090', vendor: 'NVIDIA', backend: 'cuda' } },
          gpu_wall_ns: 1,
          gpu_ratio: 0.5,
          gpu_dispatches: 1,
          gpu_upload_bytes: 1,
          gpu_download_bytes: 1,
          fusion_cache_hits: 1,
          fusion_cache_misses: 1,
        },
      }),
      usage({ trigger_ts: trigger, subcommand_counts: counts }),
      install(),
      // Nothing older than 72 hours, and nothing from the future.
      finished({ payload: { ...recent, timestamp_ms: Date.now() - 73 * 3_600_000 } }),
      finished({ payload: { ...recent, timestamp_ms: Date.now() + 3_600_000 } }),
    ]
    expect(await send(...events)).toBe(204)
    await expect.poll(() => worker.metrics.ga4Sent).toBe(63)
    expect(worker.metrics.ga4Dropped).toBe(2)
    expect(ga4.events.every(({ text }) => text.length <= 130_000)).toBe(true)
    for (const { events: some } of posts()) {
      expect(some.length).toBeLessThanOrEqual(25)
      for (const { name, params } of some) {
        expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,39}$/)
        expect(Object.keys(params).length).toBeLessThanOrEqual(25)
        for (const [param, value] of Object.entries(params)) {
          expect(param).toMatch(/^[A-Za-z0-9_]{1,40}$/)
          expect(String(value).length).toBeLessThanOrEqual(100)
        }
      }
    }
    const names = posts().flatMap((post) => post.events.map(({ name }) => name))
    expect(new Set(names)).toEqual(
      new Set(['runtime_run_started', 'runtime_run_finished', 'usage', 'install_start']),
    )
  })

  it.each([500, 'reset', { hang: 'before headers' }] as const)(
    'failing with %j delays no answer',
    async (answer) => {
      const { ga4, send, worker, posthog } = await open({ answer })
      expect(await send(finished({ payload: recent }))).toBe(204)
      expect(posthog.stored).toHaveLength(1)
      await ga4.received(1)
      if (typeof answer === 'object') return
      await expect.poll(() => worker.metrics.ga4Dropped).toBe(1)
    },
  )

  it('gets only stored events, each once', async () => {
    const { ga4, send, posthog } = await open()
    posthog.script({ status: 503, retryAfter: 0 }, 200)
    const bytes = finished({ payload: recent })
    expect(await send(bytes)).toBe(503)
    await expect.poll(() => send(bytes)).toBe(204)
    await ga4.received(1)
    expect(ga4.events).toHaveLength(1)
  })

  it('has a bound on the requests that wait for it', async () => {
    const { send, worker } = await open({ answer: { hang: 'before headers' } })
    const clients = Array.from({ length: 300 }, (_, index) =>
      started({
        payload: recent,
        cid: `eac98648-3b42-41c7-a887-${String(index).padStart(12, '0')}`,
      }),
    )
    expect(await send(...clients)).toBe(204)
    await expect.poll(() => worker.metrics.ga4Dropped).toBe(100)
  })
})
