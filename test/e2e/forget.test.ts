import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { fillQueue } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { cli, cliJson, cliCommand } from '../support/run.ts'
import { holds, sender } from './forget-scene.ts'

describe('forget', () => {
  it('asks for the id, then leaves no byte of it and telemetry off', async () => {
    const { home, id, collector } = await sender(204)
    fillQueue(home, 2)
    const answer = await cliJson(home, ['forget', '--yes'])
    expect(answer).toMatchObject({ erased: true, collecting: false, decided_by: 'user_settings' })
    const [request] = collector.events
    expect(request?.json).toEqual({
      event_label: 'telemetry.erase',
      uuid: expect.any(String),
      cid: id,
    })
    expect(request?.headers['x-telemetry-key']).toBe('key-of-the-tests')
    expect(home.has(home.state) || home.has(home.clientId) || holds(home, id)).toBe(false)
    expect(await cliJson(home, ['status'])).toMatchObject({ erase: null, client_id: null })
    await collector.stop()
  })

  it('names events under earlier ids, at most 500 in one request', async () => {
    const earlier = Array.from({ length: 1001 }, () => randomUUID())
    const { home, id, collector } = await sender(204, earlier)
    expect(await cli(home, ['forget', '--yes'])).toMatchObject({ code: 0 })
    const asked = collector.events.map(({ json }) => json as { cid?: string; events?: string[] })
    expect(asked.map(({ cid, events }) => cid ?? events?.length)).toEqual([id, 500, 500, 1])
    const named = asked.flatMap(({ events = [] }) => events)
    expect(named.toSorted()).toEqual(earlier.toSorted())
    await collector.stop()
  })

  it.each([200, 401, 410, 429, 503, 'reset'] as const)(
    'removes nothing after %s, says so, and takes it up again',
    async (answer) => {
      const { home, id, collector } = await sender(answer)
      const refused = await cli(home, ['forget', '--yes'])
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toContain('runmat-telemetry forget')
      expect(home.read(home.clientId)).toContain(id)
      expect(holds(home, '"sent_at"')).toBe(true)
      expect(await cliJson(home, ['status'])).toMatchObject({
        collecting: false,
        client_id: id,
        erase: { pending: true, endpoint: collector.url },
      })
      const { checks } = JSON.parse((await cli(home, ['doctor', '--json'])).out)
      expect(checks).toContainEqual(expect.objectContaining({ id: 'erasure', status: 'warning' }))
      collector.setAnswer(204)
      expect(await cli(home, ['forget', '--yes'])).toMatchObject({ code: 0 })
      expect(holds(home, id)).toBe(false)
      await collector.stop()
    },
  )

  it('asks although telemetry is off, and not without --yes where nobody can answer', async () => {
    const { home, collector } = await sender(204)
    const env = { DO_NOT_TRACK: '1' }
    const unasked = await cli(home, ['forget'], { env })
    expect(unasked).toMatchObject({ code: 2, out: '' })
    expect(unasked.err).toMatch(/Nothing was erased: nobody could be asked\.\n.*--yes\n/)
    expect(await cli(home, ['forget', '--json'], { env })).toMatchObject({ code: 2, out: '' })
    expect(collector.requests).toBe(0)
    expect(await cli(home, ['forget', '--yes'], { env })).toMatchObject({ code: 0 })
    expect(collector.requests).toBe(1)
    await collector.stop()
  })

  it('sends nothing and makes no id where there is none', async () => {
    const { home, collector } = await sender(204)
    const empty = tempHome()
    empty.write(empty.settings, home.read(home.settings))
    expect(await cliJson(empty, ['forget', '--yes'])).toMatchObject({ erased: false, requests: 0 })
    expect(collector.requests).toBe(0)
    expect(empty.has(empty.clientId)).toBe(false)
    await collector.stop()
  })

  it('does not say that nothing is left at the collector where the id is gone', async () => {
    const { home, collector } = await sender(204)
    await cli(home, ['disable', '--forget'])
    const { code, out } = await cli(home, ['forget', '--yes'])
    expect(code).toBe(0)
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'Events sent under an earlier id, and not erased since, may still be at the collector: ' +
        'its operator can erase them by that id.',
    )
    expect(collector.requests).toBe(0)
    await collector.stop()
  })

  it('is not needed for status to say that nothing is on record once that is removed', async () => {
    const { home, collector } = await sender(204)
    expect((await cli(home, ['status'])).out).toContain('  Sent: 1 event, the last ')
    expect(await cli(home, ['disable', '--forget'])).toMatchObject({ code: 0 })
    expect((await cli(home, ['status'])).out).toContain('  Sent: nothing on record\n')
    await collector.stop()
  })

  it('asks for nothing where it cannot turn telemetry off', async () => {
    const { home, id, collector } = await sender(204)
    home.write(home.settings, '[runtime.telemetry\n')
    const refused = await cli(home, ['forget', '--yes'])
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('config.toml:1')
    expect(refused.err).toContain('Nothing was erased. Telemetry is off anyway')
    expect(collector.requests).toBe(0)
    expect(home.read(home.clientId)).toContain(id)
    await collector.stop()
  })

  it('is taken up after kill -9 while the collector hangs, also by two at once', async () => {
    const { home, id, collector } = await sender({ hang: 'before headers' })
    const [program, ...before] = cliCommand
    const child = spawn(program, [...before, 'forget', '--yes'], { env: home.env })
    const ended = new Promise((resolve) => child.once('close', resolve))
    await collector.received(1)
    child.kill('SIGKILL')
    await ended
    expect(await cliJson(home, ['status'])).toMatchObject({
      collecting: false,
      client_id: id,
      erase: { pending: true },
    })
    collector.setAnswer(204)
    const both = await Promise.all([1, 2].map(() => cli(home, ['forget', '--yes'])))
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(holds(home, id)).toBe(false)
    expect(await cliJson(home, ['status'])).toMatchObject({ erase: null })
    await collector.stop()
  })

  it('cannot be asked for by a record or a file in the queue', async () => {
    const { home, collector } = await sender(204)
    const request = { event_label: 'telemetry.erase', uuid: randomUUID(), cid: randomUUID() }
    const input = JSON.stringify(request)
    expect(await cli(home, ['record', 'erase'], { input })).toMatchObject({ code: 2 })
    expect(await cli(home, ['record', 'runtime'], { input })).toMatchObject({ code: 2 })
    home.write(path.join(home.state, 'queue', 'erase.json'), input)
    await cli(home, ['upload'])
    expect(collector.requests).toBe(0)
    await collector.stop()
  })
})
