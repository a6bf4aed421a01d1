import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'

import type { OptOutCase } from '../../opt-outs/cases.ts'
import { casesOf } from '../../opt-outs/stage.ts'
import { inScene, type Scene } from '../scene.ts'
import type { Stage } from '../stage.ts'

const cases = casesOf('browser')

export function noCases(stage: () => Stage): void {
  describe.concurrent('without consent', () => {
    it(
      'nothing is sent or stored under any opt-out of a page or browser',
      inScene(stage, async (scene) => {
        const page = await scene.visit()
        for (const one of cases.filter(({ expect: verdict }) => verdict === 'off')) {
          await judge(scene, page, one)
          expect({ name: one.name, ...(await tracesOf(scene, page)) }).toEqual({ name: one.name })
        }
      }),
      // One after the other, each after a reload.
      180_000,
    )

    it(
      'is not the state of a page whose user agreed and has not objected',
      inScene(stage, async (scene) => {
        const page = await scene.visit()
        let expected = 0
        for (const one of cases.filter(({ expect: verdict }) => verdict === 'on')) {
          await judge(scene, page, one)
          expected += 2
          await scene.collector.posted(expected)
          expect(await page.evaluate('host.telemetry.collecting')).toBe(true)
        }
      }),
    )

    it.each(['globalPrivacyControl', 'doNotTrack'])(
      'nothing is sent under %s, whatever the page passes later',
      (name) =>
        inScene(stage, async (scene) => {
          await scene.context.addInitScript(saying('Navigator', name, '"1"'))
          const page = await scene.agreed()
          await page.evaluate('host.run()')
          await page.evaluate('host.telemetry.setConsent(true)')
          await page.evaluate('host.run()')
          expect(await tracesOf(scene, page)).toEqual({})
        })(),
    )

    it(
      'the id of earlier consent is removed',
      inScene(stage, async (scene) => {
        const page = await scene.agreed()
        await page.evaluate('host.run()')
        await scene.collector.posted(2)
        expect(await page.evaluate('localStorage.length')).toBe(1)
        await page.evaluate('host.open({ telemetryConsent: false })')
        expect(await page.evaluate('localStorage.length')).toBe(0)
      }),
    )
  })
}

/** Has a run in a page that is as new to the library as its browser. */
async function judge(scene: Scene, page: Page, { page: given = {} }: OptOutCase): Promise<void> {
  const { consent, endpoint = JSON.stringify(scene.url), says } = given
  const options = `{ telemetryConsent: ${consent}, endpoint: ${endpoint} }`
  await page.reload()
  await page.waitForFunction('globalThis.host')
  if (says !== undefined) await page.evaluate(saying(...says))
  await page.evaluate(`host.open(${consent === undefined ? '' : options})`)
  await page.evaluate('host.run()')
}

/** A script that makes the browser say so, until its page is loaded again. */
function saying(of: 'Navigator' | 'Window', name: string, value: string): string {
  const how = `{ get: () => ${value}, configurable: true }`
  return `Object.defineProperty(${of}.prototype, '${name}', ${how})`
}

/** Whatever the library left: requests to anywhere, things kept anywhere, words said anywhere. */
async function tracesOf(scene: Scene, page: Page): Promise<Readonly<Record<string, unknown>>> {
  await scene.fence()
  const kept = await page.evaluate<Record<string, readonly unknown[]>>(`(async () => ({
    local: Object.entries(localStorage),
    session: Object.entries(sessionStorage),
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    files: await Array.fromAsync((await navigator.storage.getDirectory()).keys()),
    workers: await navigator.serviceWorker.getRegistrations(),
    collecting: [host.telemetry.collecting].filter(Boolean),
  }))()`)
  const all = {
    ...kept,
    cookies: await scene.context.cookies(),
    requests: scene.collector.requests().filter(({ path }) => !path.endsWith('fence')),
    strays: scene.strays(),
    said: scene.said(),
  }
  return Object.fromEntries(Object.entries(all).filter(([, traces]) => traces.length > 0))
}
