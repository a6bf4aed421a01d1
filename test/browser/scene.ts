import type { BrowserContext, Page } from 'playwright-core'

import { openCollector, type OpenCollector } from './collector.ts'
import type { Stage } from './stage.ts'

/** A new visitor, with a separate collector. */
export interface Scene {
  readonly context: BrowserContext
  readonly collector: OpenCollector
  /** The collector's address. */
  readonly url: string
  readonly elsewhere: string
  /** A page of the site, in which the library is loaded and not yet asked for anything. */
  readonly visit: () => Promise<Page>
  /** One in which the person has said yes. */
  readonly agreed: (options?: Readonly<Record<string, unknown>>) => Promise<Page>
  /** Settles when everything that was asked of the collector before has come to it. */
  readonly fence: () => Promise<void>
  /** Requests to anywhere but the site and the collector. */
  readonly strays: () => readonly string[]
  /** What pages wrote to the console, and what was thrown into them. */
  readonly said: () => readonly string[]
}

export function inScene(
  stage: () => Stage,
  play: (scene: Scene) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const collector = await openCollector()
    const { browser, site, elsewhere } = stage()
    const context = await browser.newContext()
    const asked: string[] = []
    const said: string[] = []
    context.on('request', (request) => asked.push(request.url()))
    context.on('console', (message) => said.push(message.text()))
    context.on('weberror', (error) => said.push(String(error.error())))
    const visit = async (): Promise<Page> => {
      const page = await context.newPage()
      await page.goto(site)
      await page.waitForFunction('globalThis.host')
      return page
    }
    try {
      await play({
        context,
        collector,
        url: collector.url,
        elsewhere,
        visit,
        agreed: async (options = {}) => {
          const page = await visit()
          const all = { telemetryConsent: true, endpoint: collector.url, ...options }
          await page.evaluate(`host.open(${JSON.stringify(all)})`)
          return page
        },
        fence: () => stage().fence(collector.url),
        strays: () =>
          asked.filter(
            (url) => !url.startsWith(site) && !url.startsWith(new URL(collector.url).origin),
          ),
        // The browser itself notes answers that are no success.
        said: () => said.filter((text) => !text.startsWith('Failed to load resource')),
      })
    } finally {
      await context.close()
      await collector.stop()
    }
  }
}
