import { describe, expect, it } from 'vitest'

import { expected, read, usualStart } from '../facts.ts'
import { inScene } from '../scene.ts'
import type { Stage } from '../stage.ts'

/** What must not be found in anything that arrives. */
const secret = '/home/alice/secret.m'

const hostileFinishes = [
  // Text where names belong.
  `{ success: true, failure: { stage: '${secret}', code: '${secret}', host: '${secret}',
    component: '${secret}', message: '${secret}' } }`,
  // Unknown fields.
  `{ success: true, source: '${secret}', __proto__: { a: '${secret}' } }`,
  // No plain object, as WebAssembly hands them out.
  `Object.create({ success: true, failure: Object.create({ code: 'RunMat:B' }) })`,
  // Figures that are none.
  `{ success: 'yes', durationUs: NaN, counters: { totalExecutions: 1e400, jitCompiled: -1,
    interpreterFallback: '${secret}' } }`,
  // A device with a path.
  `{ success: true, provider: { device: { name: '${secret}', backend: ['wgpu'],
    vendor: { toString() { return '${secret}' } } } } }`,
  `{ success: true, failure: { code: 'A'.repeat(1e6) } }`,
  `{ success: { toJSON: () => '${secret}' } }`,
]

const silentFinishes = [
  'undefined',
  'null',
  `{ get success() { throw new Error('${secret}') } }`,
  `new Proxy({}, { get() { throw new Error('${secret}') } })`,
]

/** What of the page's globals is not as it should be, and what stands there instead. */
const broken = [
  ['window', 'localStorage', `{ get() { throw new Error('denied') } }`],
  ['Storage.prototype', 'setItem', `{ value() { throw new Error('full') } }`],
  ['window', 'fetch', '{ value: undefined }'],
  ['window', 'fetch', `{ value() { throw new Error('${secret}') } }`],
  ['window', 'crypto', '{ value: undefined }'],
  ['URL', 'canParse', '{ value: undefined }'],
]

export function hostileCases(stage: () => Stage): void {
  describe.concurrent('with hostile input', () => {
    it(
      'from the host, only what fits is sent',
      inScene(stage, async (scene) => {
        const page = await scene.agreed({ version: secret })
        for (const finish of hostileFinishes) await page.evaluate(`host.run(${finish})`)
        await scene.collector.posted(2 * hostileFinishes.length)
        const bodies = scene.collector.bodies()
        expect(bodies.join('')).not.toContain('alice')
        expect(bodies.filter((body) => body.includes('"error":"RunMat:B"'))).toHaveLength(1)
        expect(new Set(bodies.map((body) => read(body).release))).toEqual(new Set(['0.0.0']))
        for (const body of bodies.filter((one) => one.includes('run.started'))) {
          expect(body).toBe(expected(body, usualStart))
        }
        expect(scene.said()).toEqual([])
      }),
    )

    it(
      'that throws, the host sees no error',
      inScene(stage, async (scene) => {
        const page = await scene.agreed()
        for (const finish of silentFinishes) {
          await page.evaluate(`host.telemetry.startRun(host.start).finish(${finish})`)
          await page.evaluate(`host.run(undefined, ${finish === 'undefined' ? 'null' : finish})`)
        }
        await scene.collector.posted(silentFinishes.length)
        await scene.fence()
        expect(scene.collector.bodies()).toHaveLength(silentFinishes.length)
        expect(scene.said()).toEqual([])
      }),
    )

    it(
      'or missing browser features, the page sees no error',
      inScene(stage, async (scene) => {
        const page = await scene.visit()
        for (const [owner, name, instead] of broken) {
          await page.evaluate(`
            host.whole = Object.getOwnPropertyDescriptor(${owner}, '${name}')
            Object.defineProperty(${owner}, '${name}', { ...${instead}, configurable: true })
            host.open({ telemetryConsent: true, endpoint: '${scene.url}' })
            host.run()
            host.telemetry.preview()
            host.telemetry.workerOptions()
            host.telemetry.setConsent(false)
            host.telemetry.setConsent(true)
            host.run()
          `)
          await page.evaluate('host.telemetry.close()')
          await page.evaluate(`Object.defineProperty(${owner}, '${name}', host.whole)`)
        }
        // Where no id can be kept there is none: new ones each time would count one person as many.
        expect(scene.collector.bodies().filter((body) => 'cid' in read(body))).toEqual([])
        expect(scene.said()).toEqual([])
        await page.evaluate(`host.open({ telemetryConsent: true, endpoint: '${scene.url}' })`)
        expect(await page.evaluate('host.telemetry.collecting')).toBe(true)
      }),
    )

    it(
      'in storage, an invalid id is replaced',
      inScene(stage, async (scene) => {
        const page = await scene.agreed()
        await page.evaluate(`localStorage['runmat.telemetry_id'] = '${secret}'`)
        await page.evaluate('host.run()')
        await scene.collector.posted(2)
        expect(scene.collector.bodies().join('')).not.toContain('alice')
        expect(await page.evaluate(`localStorage['runmat.telemetry_id']`)).toBe(
          read(scene.collector.bodies()[0] ?? '').cid,
        )
      }),
    )
  })
}
