import { describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { finished } from '../../infra/worker/support/events.ts'
import type { Captured } from '../../infra/worker/support/posthog.ts'
import { key, served } from '../../infra/worker/support/stage.ts'
import { inScene } from '../scene.ts'
import type { Stage } from '../stage.ts'

const names = (stored: readonly Captured[]) => stored.map(({ event }) => event).sort()
const run = ['runtime.run.finished', 'runtime.run.started']

/** Not a stand-in: the worker itself, on another port, which is another site to a browser. */
export function realWorkerCases(stage: () => Stage): void {
  describe.concurrent('the collector’s worker', () => {
    it(
      'accepts what a page posts with its key',
      inScene(stage, async (scene) => {
        const { url, posthog } = await served()
        const page = await scene.agreed({ endpoint: `${url}/v1/t`, ingestionKey: key })
        await page.evaluate('host.run()')
        await eventually(() => expect(names(posthog.stored)).toEqual(run))
        expect(scene.said()).toEqual([])
      }),
    )

    it(
      'accepts the beacon of a closing page',
      inScene(stage, async (scene) => {
        const { url, posthog } = await served([], { INGESTION_KEY: '', ALLOW_KEYLESS: '1' })
        await scene.context.addInitScript('delete Request.prototype.keepalive')
        const page = await scene.agreed({ endpoint: `${url}/v1/t` })
        // The only way out that is left to it.
        await page.evaluate(`
          globalThis.fetch = () => new Promise(() => {})
          addEventListener('pagehide', () => host.run())
        `)
        // Not a close, which Chromium may not tell the page about: see page-end.ts.
        await page.goto(scene.elsewhere)
        await eventually(() => expect(names(posthog.stored)).toEqual(run))
      }),
    )

    it(
      'tells a page how long to pause',
      inScene(stage, async (scene) => {
        const { url } = await served([{ status: 429, retryAfter: 30 }])
        const page = await scene.visit()
        const post = { method: 'POST', body: finished(), credentials: 'omit' }
        const headers = { 'content-type': 'application/json', 'x-telemetry-key': key }
        const heard = await page.evaluate(
          `fetch('${url}/v1/t', ${JSON.stringify({ ...post, headers })}).then((answer) => [
            answer.status,
            answer.headers.get('retry-after'),
          ])`,
        )
        expect(heard).toEqual([503, '30'])
      }),
    )
  })
}
