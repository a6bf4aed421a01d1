import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'

import { inScene, type Scene } from '../scene.ts'
import type { Stage } from '../stage.ts'

/** What says no, in the page before any of its scripts runs. */
const objections: Readonly<Record<string, string>> = {
  'Global Privacy Control': saying('globalPrivacyControl', 'true'),
  'Do Not Track': saying('doNotTrack', '"1"'),
}

export function noCases(stage: () => Stage): void {
  describe.concurrent('without consent', () => {
    it(
      'nothing is sent or stored: consent is exactly telemetryConsent: true',
      inScene(stage, async (scene) => {
        const page = await scene.visit()
        for (const consent of ['false', 'undefined', 'null', '"true"', '1', '({})']) {
          await page.evaluate(
            `host.open({ telemetryConsent: ${consent}, endpoint: '${scene.url}' })`,
          )
          await page.evaluate('host.run()')
        }
        await page.evaluate('host.open()')
        await page.evaluate('host.run()')
        expect(await tracesOf(scene, page)).toEqual({})
      }),
    )

    it.each(Object.entries(objections))(
      'nothing is sent under %s, whatever the page passes',
      (_, script) =>
        inScene(stage, async (scene) => {
          await scene.context.addInitScript(script)
          const page = await scene.agreed()
          await page.evaluate('host.run()')
          await page.evaluate('host.telemetry.setConsent(true)')
          await page.evaluate('host.run()')
          expect(await tracesOf(scene, page)).toEqual({})
        })(),
    )

    it(
      'nothing is sent if an objection has an unknown or unreadable value',
      inScene(stage, async (scene) => {
        const page = await scene.visit()
        for (const word of ['"yes"', '"maybe"', 'true', '(() => { throw new Error("no") })()']) {
          await page.evaluate(saying('doNotTrack', word))
          await page.evaluate(`host.open({ telemetryConsent: true, endpoint: '${scene.url}' })`)
          await page.evaluate('host.run()')
        }
        expect(await tracesOf(scene, page)).toEqual({})
      }),
    )

    it(
      'is not the state of a browser whose user has not objected',
      inScene(stage, async (scene) => {
        await scene.context.addInitScript(saying('globalPrivacyControl', 'false'))
        await scene.context.addInitScript(saying('doNotTrack', '"unspecified"'))
        const page = await scene.agreed()
        expect(await page.evaluate('host.telemetry.collecting')).toBe(true)
      }),
    )

    it(
      'nothing is sent to an endpoint that is not allowed',
      inScene(stage, async (scene) => {
        const page = await scene.visit()
        const endpoints = [
          'http://collector.invalid/v1/t',
          'ftp://127.0.0.1/',
          'javascript:alert(1)',
          'https://user:password@collector.invalid/',
          '/v1/t',
          17,
          // The built-in collector takes nothing without a key, and none is built in here.
          '',
        ]
        for (const endpoint of endpoints) {
          const options = JSON.stringify({ telemetryConsent: true, endpoint })
          await page.evaluate(`host.open(${options}); host.run()`)
        }
        expect(await tracesOf(scene, page)).toEqual({})
      }),
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

function saying(name: string, value: string): string {
  const how = `{ get: () => ${value}, configurable: true }`
  return `Object.defineProperty(Navigator.prototype, '${name}', ${how})`
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
