import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'

import { read } from '../facts.ts'
import { inScene, type Scene } from '../scene.ts'
import type { Stage } from '../stage.ts'

/** Ends a page, and says whether the page heard of it. */
type End = (page: Page, scene: Scene) => Promise<boolean>

const endings: readonly (readonly [string, End])[] = [
  ['closes', close],
  ['navigates away', (page, { elsewhere }) => page.goto(elsewhere).then(() => true)],
  ['is reloaded', (page) => page.reload().then(() => true)],
]

export function endCases(stage: () => Stage): void {
  describe.concurrent('a page', () => {
    it.each(endings)('%s, and a run that has just finished arrives once', (_, end) =>
      inScene(stage, async (scene) => {
        // Slow enough for the page to be gone before the browser knows that it may post.
        scene.collector.setAnswer({ status: 204, afterMs: 200 })
        const page = await scene.agreed()
        await page.evaluate('host.run()')
        await end(page, scene)
        expect(await arrivals(scene, 2)).toEqual({ posts: 2, events: 2 })
      })(),
    )

    it.each(endings)('%s while events wait for a retry, and they arrive', (_, end) =>
      inScene(stage, async (scene) => {
        const page = await waitingPage(scene)
        const posts = (await end(page, scene)) ? 4 : 2
        expect(await arrivals(scene, posts)).toEqual({ posts, events: 2 })
      })(),
    )

    it(
      'closes, and a run that its host finishes only then arrives, too',
      inScene(stage, async (scene) => {
        const page = await waitingPage(scene)
        await page.evaluate(`addEventListener('pagehide', () => host.run())`)
        const expected = (await close(page, scene))
          ? { posts: 6, events: 4 }
          : { posts: 2, events: 2 }
        expect(await arrivals(scene, expected.posts)).toEqual(expected)
      }),
    )

    it(
      'is hidden, and waiting events are sent once, not again when it closes',
      inScene(stage, async (scene) => {
        const page = await waitingPage(scene)
        await page.evaluate(hide)
        await page.evaluate('host.run()')
        await page.close()
        expect(await arrivals(scene, 6)).toEqual({ posts: 6, events: 4 })
      }),
    )

    it(
      'closes, and obeys a pause that the collector asked for',
      inScene(stage, async (scene) => {
        const page = await waitingPage(scene, {}, { 'retry-after': '3600' })
        await page.evaluate(hide)
        await page.close()
        expect(await arrivals(scene, 2)).toEqual({ posts: 2, events: 2 })
      }),
    )

    it(
      'announces its end, and waiting and new events are sent at once',
      inScene(stage, async (scene) => {
        const page = await waitingPage(scene)
        await page.evaluate(`dispatchEvent(new Event('pagehide')); host.run()`)
        expect(await arrivals(scene, 6)).toEqual({ posts: 6, events: 4 })
      }),
    )

    it(
      'is hidden, and sends no more than may outlive a page',
      inScene(stage, async (scene) => {
        const page = await waitingPage(scene)
        await page.evaluate(`
          host.sizes = []
          globalThis.fetch = (_, { body, keepalive }) => {
            if (keepalive) host.sizes.push(body.length)
            return new Promise(() => {})
          }
          for (let run = 0; run < 200; run++) host.run()
        `)
        await page.evaluate(hide)
        const handedOver = await page.evaluate<number>(
          'host.sizes.reduce((sum, size) => sum + size, 0)',
        )
        expect(handedOver).toBeLessThanOrEqual(60_000)
        expect(handedOver).toBeGreaterThan(59_000)
      }),
    )

    it(
      'is restored and goes on',
      inScene(stage, async (scene) => {
        const page = await scene.agreed()
        await page.evaluate(`
          host.run()
          addEventListener('pageshow', ({ persisted }) => { if (persisted) host.run() })
        `)
        await scene.collector.posted(2)
        await page.goto(scene.elsewhere)
        // Playwright itself does not know pages that come back.
        await page.evaluate('setTimeout(() => history.back())')
        await scene.collector.posted(4)
        expect(await arrivals(scene, 4)).toEqual({ posts: 4, events: 4 })
      }),
    )

    it(
      'sends a beacon if requests end with the page and no key is needed',
      inScene(stage, async (scene) => {
        await scene.context.addInitScript('delete Request.prototype.keepalive')
        const page = await waitingPage(scene)
        await page.evaluate(countBeacons)
        const hasHeard = await close(page, scene)
        const posts = hasHeard ? 4 : 2
        expect(await arrivals(scene, posts)).toEqual({ posts, events: 2 })
        expect(scene.collector.posts().at(-1)?.headers['content-type']).toBe('application/json')
        const later = await scene.visit()
        expect(await later.evaluate('localStorage.beacons')).toBe(hasHeard ? '2' : undefined)
      }),
    )

    it(
      'sends no beacon if that would leave out a required key',
      inScene(stage, async (scene) => {
        await scene.context.addInitScript('delete Request.prototype.keepalive')
        const page = await waitingPage(scene, { ingestionKey: 'key-of-the-tests' })
        await page.close()
        await arrivals(scene, 2)
        const keys = scene.collector.posts().map(({ headers }) => headers['x-telemetry-key'])
        expect(new Set(keys)).toEqual(new Set(['key-of-the-tests']))
      }),
    )
  })
}

const hide = `
  Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true })
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
`

const countBeacons = `
  host.beacon = navigator.sendBeacon.bind(navigator)
  navigator.sendBeacon = (...what) => {
    localStorage.beacons = Number(localStorage.beacons ?? 0) + 1
    return host.beacon(...what)
  }
`

/** A page with a run that the collector refused, and would now take. */
async function waitingPage(
  scene: Scene,
  options: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Page> {
  scene.collector.setAnswer({ status: 503, headers })
  const page = await scene.agreed(options)
  // Time stands still in it: nothing is tried again only because it is time to.
  await page.evaluate('globalThis.setTimeout = () => 0')
  await page.evaluate('host.run()')
  await scene.collector.posted(2)
  // So that the page has seen the answers too.
  await scene.fence()
  scene.collector.setAnswer({ status: 204 })
  return page
}

/**
 * Chromium gives a page that closes half a second to hear of it, and then ends it: `pagehide` never
 * comes where the page is busy or the machine is short of processor time. No library can send
 * anything then, so a test must ask. A page that leads elsewhere gets all the time that it needs.
 */
async function close(page: Page, scene: Scene): Promise<boolean> {
  await page.evaluate(`addEventListener('pagehide', () => { localStorage.heard = 'yes' })`)
  await page.close()
  const later = await scene.visit()
  return (await later.evaluate('localStorage.heard')) === 'yes'
}

/** How much has come when at least so many posts have, and how many different events it was. */
async function arrivals(scene: Scene, least: number) {
  await scene.collector.posted(least)
  await scene.fence()
  const ids = scene.collector.bodies().map((body) => read(body).uuid)
  return { posts: ids.length, events: new Set(ids).size }
}
