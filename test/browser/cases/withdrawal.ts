import { describe, expect, it } from 'vitest'

import { read } from '../facts.ts'
import { inScene } from '../scene.ts'
import type { Stage } from '../stage.ts'

export function withdrawalCases(stage: () => Stage): void {
  describe.concurrent('withdrawing consent', () => {
    it(
      'drops waiting events and the id at once, and open runs send nothing',
      inScene(stage, async (scene) => {
        const { collector } = scene
        collector.setAnswer({ status: 500 })
        const page = await scene.agreed()
        await page.evaluate('globalThis.setTimeout = () => 0')
        await page.evaluate('host.run(); host.openRun = host.telemetry.startRun(host.start)')
        await collector.posted(3)
        await page.evaluate(`
          host.telemetry.setConsent(false)
          host.openRun.finish({ success: true })
          host.run()
          dispatchEvent(new Event('pagehide'))
        `)
        expect(await page.evaluate('host.telemetry.collecting')).toBe(false)
        expect(await page.evaluate('localStorage.length')).toBe(0)
        collector.setAnswer({ status: 204 })
        await page.close()
        await scene.fence()
        expect(collector.bodies()).toHaveLength(3)
      }),
    )

    it(
      'can be followed by new consent with another id, which links to nothing before',
      inScene(stage, async (scene) => {
        const { collector } = scene
        const page = await scene.agreed()
        await page.evaluate('host.run()')
        await collector.posted(2)
        await page.evaluate(`
          host.openRun = host.telemetry.startRun(host.start)
          host.telemetry.setConsent(false)
          host.telemetry.setConsent(true)
          host.openRun.finish({ success: true })
          host.run()
        `)
        await page.evaluate('host.telemetry.close()')
        await scene.fence()
        const events = collector.bodies().map(read)
        const [before] = events
        expect(events.filter((event) => event.event_label.endsWith('finished'))).toHaveLength(2)
        const later = events.filter(({ cid }) => cid !== before?.cid)
        expect(later).toHaveLength(2)
        expect(new Set(later.map(({ session_id }) => session_id)).size).toBe(1)
      }),
    )

    it(
      'in one tab takes effect in all',
      inScene(stage, async (scene) => {
        const { collector } = scene
        const [page, other] = [await scene.agreed(), await scene.agreed()]
        await page.evaluate('host.run()')
        await other.evaluate('host.run()')
        await collector.posted(4)
        expect(new Set(collector.bodies().map((body) => read(body).cid)).size).toBe(1)
        await page.evaluate('host.telemetry.setConsent(false)')
        await other.waitForFunction('!host.telemetry.collecting')
        await other.evaluate('host.run()')
        await scene.fence()
        expect(collector.bodies()).toHaveLength(4)
        expect(await other.evaluate('localStorage.length')).toBe(0)
      }),
    )

    it(
      'can happen in the browser at any time',
      inScene(stage, async (scene) => {
        const { collector } = scene
        const page = await scene.agreed()
        await page.evaluate('host.run()')
        await collector.posted(2)
        await page.evaluate(`
          Object.defineProperty(navigator, 'globalPrivacyControl', { get: () => true })
          host.run()
        `)
        await scene.fence()
        expect(collector.bodies()).toHaveLength(2)
        expect(await page.evaluate('localStorage.length')).toBe(0)
      }),
    )

    it(
      'is not the same as close(), after which nothing is sent and the id stays',
      inScene(stage, async (scene) => {
        const page = await scene.agreed()
        await page.evaluate('host.run(); host.telemetry.close()')
        await page.evaluate('host.run(); host.telemetry.setConsent(true); host.run()')
        await scene.collector.posted(2)
        await scene.fence()
        expect(scene.collector.bodies()).toHaveLength(2)
        expect(await page.evaluate('localStorage.length')).toBe(1)
        await page.evaluate('host.telemetry.setConsent(false)')
        expect(await page.evaluate('localStorage.length')).toBe(0)
      }),
    )
  })
}
