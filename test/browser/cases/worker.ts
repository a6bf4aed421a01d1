import { describe, expect, it } from 'vitest'

import { expected, read, usualStart } from '../facts.ts'
import { inScene } from '../scene.ts'
import type { Stage } from '../stage.ts'

export function workerCases(stage: () => Stage): void {
  describe.concurrent('a web worker', () => {
    it(
      'sends with the options that its page passes',
      inScene(stage, async (scene) => {
        const page = await scene.agreed({ version: '0.6.1' })
        await page.evaluate(
          'host.work({ options: host.telemetry.workerOptions(), start: host.start })',
        )
        await scene.collector.posted(2)
        const id = await page.evaluate(`localStorage['runmat.telemetry_id']`)
        for (const body of scene.collector.bodies()) {
          const { cid, release, event_label: label } = read(body)
          expect({ cid, release }).toEqual({ cid: id, release: '0.6.1' })
          const finish = { success: true, jitUsed: false }
          expect(body).toBe(
            expected(body, usualStart, label.endsWith('finished') ? finish : undefined),
          )
        }
      }),
    )

    it(
      'sends nothing if its page may not, although it cannot see why',
      inScene(stage, async (scene) => {
        await scene.context.addInitScript(
          `Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })`,
        )
        const page = await scene.agreed()
        await page.evaluate(
          'host.work({ options: host.telemetry.workerOptions(), start: host.start })',
        )
        await scene.fence()
        expect(scene.collector.posts()).toEqual([])
      }),
    )

    it(
      'makes no id, because it could not store it',
      inScene(stage, async (scene) => {
        const page = await scene.visit()
        const options = { telemetryConsent: true, endpoint: scene.collector.url }
        const shown = await page.evaluate<string>(
          `host.work({ options: ${JSON.stringify(options)}, start: host.start })`,
        )
        await scene.collector.posted(2)
        for (const body of [shown, ...scene.collector.bodies()]) {
          expect(read(body)).not.toHaveProperty('cid')
        }
        expect(await page.evaluate('localStorage.length')).toBe(0)
      }),
    )
  })
}
