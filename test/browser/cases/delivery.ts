import { describe, expect, it } from 'vitest'

import { asInBrowser, expected, fullFinish, read, usualStart } from '../facts.ts'
import { inScene } from '../scene.ts'
import type { Stage } from '../stage.ts'

export function deliveryCases(stage: () => Stage): void {
  describe.concurrent('with consent, a page', () => {
    it(
      'sends both ends of a run, byte for byte what the library for Node would send',
      inScene(stage, async (scene) => {
        const page = await scene.agreed({ version: '0.6.1' })
        await page.evaluate(`host.run(${JSON.stringify(fullFinish)})`)
        await scene.collector.posted(2)
        const [started = '', finished = ''] = inOrder(scene.collector.bodies())
        expect(started).toBe(expected(started, usualStart))
        expect(finished).toBe(expected(finished, usualStart, fullFinish))
        const [first, last] = [read(started), read(finished)]
        expect(last).toMatchObject({ cid: first.cid, session_id: first.session_id })
        expect(last.uuid).not.toBe(first.uuid)
        expect(last.release).toBe('0.6.1')
        expect(await page.evaluate('({ ...localStorage })')).toEqual({
          'runmat.telemetry_id': first.cid,
        })
        expect(scene.said()).toEqual([])
      }),
    )

    it(
      'measures what the host does not pass, and records the kind of host',
      inScene(stage, async (scene) => {
        const page = await scene.agreed()
        const finish = { success: false, failure: { code: 'Area:Odd', stage: 'parser' } }
        await page.evaluate(`host.run(${JSON.stringify(finish)})`)
        await scene.collector.posted(2)
        const [, finished = ''] = inOrder(scene.collector.bodies())
        expect(finished).toBe(expected(finished, usualStart, asInBrowser(finish)))
        expect(finished).toContain('"runtime.failure.host":"wasm"')
        expect(read(finished).payload.duration_us).toBeGreaterThanOrEqual(0)
        expect(read(finished).release).toBe('0.0.0')
      }),
    )

    it(
      'sends no cookies, no page address, and a key only if there is one',
      inScene(stage, async (scene) => {
        const { url } = scene
        await scene.context.addCookies([{ name: 'session', value: 'secret', url }])
        const page = await scene.agreed({ ingestionKey: 'key-of-the-tests' })
        await page.evaluate('host.run()')
        await scene.collector.posted(2)
        await page.evaluate(`host.open({ telemetryConsent: true, endpoint: '${url}' }); host.run()`)
        await scene.collector.posted(4)
        const posts = scene.collector.posts()
        for (const { headers } of posts) {
          expect(headers).not.toHaveProperty('cookie')
          expect(headers).not.toHaveProperty('referer')
          expect(headers['content-type']).toBe('application/json')
        }
        expect(posts.map(({ headers }) => headers['x-telemetry-key'])).toEqual([
          'key-of-the-tests',
          'key-of-the-tests',
          undefined,
          undefined,
        ])
      }),
    )

    it(
      'keeps one id for all visits, or uses the host’s if that is a random UUID',
      inScene(stage, async (scene) => {
        const own = 'eac98648-3b42-41c7-a887-7452dd08cbf0'
        const page = await scene.visit()
        const ids = [undefined, own, 'alice@example.invalid', own.toUpperCase()]
        for (const [index, telemetryId] of ids.entries()) {
          const options = { telemetryConsent: true, telemetryId, endpoint: scene.url }
          await page.evaluate(`host.open(${JSON.stringify(options)}); host.run()`)
          await scene.collector.posted(2 * (index + 1))
        }
        const later = await scene.agreed()
        await later.evaluate('host.run()')
        await scene.collector.posted(2 * (ids.length + 1))
        const cids = scene.collector.bodies().map((body) => read(body).cid)
        const [minted] = cids
        expect(minted).not.toBe(own)
        expect(cids.filter((_, index) => index % 2 === 0)).toEqual([
          minted,
          own,
          minted,
          minted,
          minted,
        ])
      }),
    )

    it(
      'retries with the same bytes until the collector answers 204, then stops',
      inScene(stage, async (scene) => {
        const { collector } = scene
        collector.setAnswer({ status: 500 })
        const page = await scene.agreed()
        await page.evaluate('host.run()')
        await collector.posted(2)
        collector.setAnswer({ status: 204 })
        await collector.posted(4)
        await page.evaluate('host.telemetry.close()')
        await scene.fence()
        const [refused, delivered] = [collector.bodies().slice(0, 2), collector.bodies().slice(2)]
        expect(delivered.toSorted()).toEqual(refused.toSorted())
      }),
    )

    it(
      'counts no other answer as a delivery',
      inScene(stage, async (scene) => {
        const { collector } = scene
        collector.setAnswer({ status: 200 })
        const page = await scene.agreed()
        await page.evaluate('host.run()')
        await collector.posted(2)
        collector.setAnswer({ status: 204 })
        await collector.posted(4)
        expect(new Set(collector.bodies()).size).toBe(2)
      }),
    )

    it(
      'previews the bytes before anything is made or stored, with the id once there is one',
      inScene(stage, async (scene) => {
        const page = await scene.agreed({ telemetryConsent: undefined })
        const shown = await page.evaluate<string>('host.telemetry.preview()')
        const [start, finish] = [
          { runKind: 'script', jitEnabled: true, accelerateEnabled: true },
          { success: true, jitUsed: true },
        ]
        expect(read(shown).cid).toBe('00000000-0000-0000-0000-000000000000')
        expect(shown).toBe(expected(shown, start, finish))
        expect(await page.evaluate('localStorage.length')).toBe(0)
        await page.evaluate('host.telemetry.setConsent(true); host.run()')
        await scene.collector.posted(2)
        const later = await page.evaluate<string>('host.telemetry.preview()')
        expect(read(later).cid).toBe(read(scene.collector.bodies()[0] ?? '').cid)
        expect(scene.collector.bodies()).toHaveLength(2)
      }),
    )
  })
}

/** Both leave at once, and either may win. */
function inOrder(bodies: readonly string[]): readonly string[] {
  return bodies.toSorted((one, other) => Number(isEnd(one)) - Number(isEnd(other)))
}

function isEnd(body: string): boolean {
  return read(body).event_label.endsWith('finished')
}
