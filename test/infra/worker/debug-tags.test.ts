import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { everyKind } from '../../../infra/common/src/events/event.ts'
import { readEvent } from '../../../infra/common/src/events/reader.ts'
import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { openDebugTags } from '../../../infra/worker/src/intake/debug-tags.ts'
import { runmat } from '../../../src/product/runmat.ts'
import { finished, install, started } from './support/events.ts'
import { json, ndjson, requestOf } from './support/requests.ts'
import { key, type ServedStage, served, stage } from './support/stage.ts'

interface Shown {
  readonly tag: string
  readonly events: readonly {
    readonly arrived_at: string
    readonly received: string
    readonly stored?: Readonly<Record<string, unknown>>
    readonly dropped?: readonly {
      readonly field: string
      readonly why: string
      readonly expected?: Readonly<Record<string, unknown>>
    }[]
    readonly refused?: Readonly<Record<string, string>>
  }[]
}

function post(tag: string, body: string, type: string = json): RequestInit {
  const headers = { 'content-type': type, 'x-telemetry-key': key, 'x-debug-tag': tag }
  return { method: 'POST', headers, body }
}

async function shown({ url }: ServedStage, tag: string): Promise<Shown> {
  const page = await fetch(`${url}/debug/${tag}`, { headers: { 'x-telemetry-key': key } })
  expect(page.status).toBe(200)
  expect(page.headers.get('cache-control')).toBe('no-store')
  return (await page.json()) as Shown
}

const on = { DEBUG_TAGS: '1' }

describe('an event with a debug tag', () => {
  it('is shown with what would be stored, and reaches no sink', async () => {
    const worker = await served([], on)
    const event = finished()
    expect((await fetch(`${worker.url}/v1/t`, post('mine', event))).status).toBe(204)
    const { tag, events } = await shown(worker, 'mine')
    expect([tag, events.length]).toEqual(['mine', 1])
    expect(events[0]).toMatchObject({ received: event, stored: JSON.parse(event), dropped: [] })
    expect(Math.abs(Date.parse(events[0]?.arrived_at ?? '') - Date.now())).toBeLessThan(60_000)
    // A tag is its sender's: another one shows nothing, and an event without one is stored.
    expect((await shown(worker, 'other')).events).toEqual([])
    const plain = started()
    await fetch(requestOf(plain, {}, worker.url))
    const { uuid } = JSON.parse(plain) as { uuid: string }
    expect(worker.posthog.stored.map((one) => one.uuid)).toEqual([uuid])
    const metrics = await (await fetch(`${worker.url}/metrics`)).text()
    expect(metrics).toContain('telemetry_events_accepted_total{family="runtime"} 1\n')
  })

  it('is shown for the README’s example with the field that the contract lacks', async () => {
    const readme = readFileSync('infra/worker/README.md', 'utf8')
    const example = /x-debug-tag: mine' -d '(\{[^']*\})'/.exec(readme)?.[1] ?? ''
    const worker = await served([], on)
    expect((await fetch(`${worker.url}/v1/t`, post('mine', example))).status).toBe(204)
    const [event] = (await shown(worker, 'mine')).events
    const why = 'the contract has no such field here'
    expect(event?.dropped).toEqual([{ field: 'colour', why }])
  })

  it('is shown with each field that was dropped, and why', async () => {
    const worker = await served([], on)
    const base = JSON.parse(finished()) as { payload: object }
    const odd = { duration_us: 'long', cwd: '/home/smith', 'runtime.failure.stage': 'lunch' }
    const payload = { ...base.payload, ...odd }
    const sent = JSON.stringify({ ...base, payload, hostname: 'mine' })
    expect((await fetch(`${worker.url}/v1/t`, post('lost', sent))).status).toBe(204)
    const [event] = (await shown(worker, 'lost')).events
    expect(event?.stored?.['payload']).not.toHaveProperty('cwd')
    const { dropped = [] } = event ?? {}
    const unknown = 'the contract has no such field here'
    const misfit = 'the value does not fit'
    expect(Object.fromEntries(dropped.map(({ field, why }) => [field, why]))).toEqual({
      hostname: unknown,
      'payload.cwd': unknown,
      'payload.runtime.failure.stage': misfit,
      'payload.duration_us': misfit,
    })
    const expected = (field: string) => dropped.find((one) => one.field === field)?.expected
    expect(expected('payload.runtime.failure.stage')?.['values']).toContain('hir')
    expect(expected('payload.duration_us')).toMatchObject({ type: 'integer', minimum: 0 })
  })

  it('is shown with the reason if it was refused', async () => {
    const worker = await served([], on)
    const body = [install(), '{"event_label":"unheard.of"}', '{'].join('\n')
    const answer = await fetch(`${worker.url}/v1/t`, post('lines', body, ndjson))
    expect(answer.status).toBe(207)
    const { events } = await shown(worker, 'lines')
    expect(events.map(({ refused }) => refused?.['reason'])).toEqual([undefined, 'field', 'json'])
    expect(events[1]?.refused?.['field']).toBe('event_label')
    expect(worker.posthog.stored).toEqual([])
  })

  it.each(['a tag', '', '../metrics', 'x'.repeat(65), '.hidden'])(
    'is refused if the tag is “%s”, or stored if there is none',
    async (tag) => {
      const worker = await served([], on)
      const answer = await fetch(`${worker.url}/v1/t`, post(tag, finished()))
      expect(answer.status).toBe(tag === '' ? 204 : 400)
      expect(worker.posthog.stored).toHaveLength(tag === '' ? 1 : 0)
    },
  )
})

describe('the page of a debug tag', () => {
  it.each([undefined, 'wrong'])('is not shown to the key %s', async (given) => {
    const worker = await served([], on)
    await fetch(`${worker.url}/v1/t`, post('mine', finished()))
    const headers = given === undefined ? {} : { 'x-telemetry-key': given }
    const page = await fetch(`${worker.url}/debug/mine`, { headers })
    expect(page.status).toBe(401)
    expect(await page.text()).not.toContain('uuid')
  })

  it('can be read and nothing else', async () => {
    const { url } = await served([], on)
    const headers = { 'x-telemetry-key': key }
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect((await fetch(`${url}/debug/mine`, { method, headers })).status).toBe(405)
    }
    for (const path of ['/debug', '/debug/', '/debug/mine/more']) {
      expect((await fetch(`${url}${path}`, { headers })).status).toBe(404)
    }
  })

  it('does not exist without DEBUG_TAGS, and then a tagged event is stored', async () => {
    const { worker, posthog } = await stage()
    const handle = fetchHandlerOf(worker)
    await handle(requestOf(finished(), { headers: { 'x-debug-tag': 'mine' } }))
    expect(posthog.stored).toHaveLength(1)
    const headers = { 'x-telemetry-key': key }
    const page = new Request('http://worker.invalid/debug/mine', { headers })
    expect((await handle(page)).status).toBe(404)
  })
})

describe('what is kept under debug tags', () => {
  const reading = { refusal: { reason: 'json', error: 'x' } } as const
  const limits = { events: 3, bytes: 1000, keepMs: 600_000, sweepMs: 1_000_000 }
  const received = (tags: ReturnType<typeof openDebugTags>, tag: string) =>
    tags.under(tag).map((event) => event.received)

  it('is forgotten after ten minutes', () => {
    let now = 0
    const tags = openDebugTags([], limits as never, () => now)
    tags.keep('a', 'first', reading)
    now = 599_999
    tags.keep('a', 'second', reading)
    expect(received(tags, 'a')).toEqual(['first', 'second'])
    now = 600_000
    expect(received(tags, 'a')).toEqual(['second'])
    now = 1_199_999
    expect(received(tags, 'a')).toEqual([])
    tags.close()
  })

  it('is bounded over all tags by number and by size', () => {
    const tags = openDebugTags([], limits as never, () => 0)
    for (const text of ['1', '2', '3', '4']) tags.keep(`tag-${text}`, text, reading)
    expect(['1', '2', '3', '4'].map((text) => received(tags, `tag-${text}`).length)).toEqual([
      0, 1, 1, 1,
    ])
    tags.keep('large', 'x'.repeat(890), reading)
    expect(received(tags, 'tag-4')).toEqual([])
    expect(received(tags, 'large')).toHaveLength(1)
    tags.keep('too-large', 'x'.repeat(1000), reading)
    expect(received(tags, 'too-large')).toEqual([])
    tags.close()
  })

  it('is bounded with what is said of each dropped field', () => {
    const tags = openDebugTags([runmat], { ...limits, events: 100, bytes: 100_000 } as never)
    const names = Array.from({ length: 500 }, (_, index) => [`f${index}`, 1])
    const sent = JSON.stringify({ ...JSON.parse(finished()), ...Object.fromEntries(names) })
    for (let count = 0; count < 10; count += 1) tags.keep('a', sent, readEvent(sent, everyKind))
    const events = tags.under('a')
    expect(events[0]?.dropped).toHaveLength(500)
    expect(JSON.stringify(events).length).toBeLessThan(100_100)
    tags.close()
  })

  it('is bounded as the README says', () => {
    const readme = readFileSync('infra/worker/README.md', 'utf8')
    expect(readme).toMatch(/1,000 events and\s+8 MiB/)
  })
})
