import { readFileSync } from 'node:fs'
import http from 'node:http'

import { type Browser, chromium } from 'playwright-core'

import { listen } from '../support/collector.ts'
import type { Home } from '../support/home.ts'
import { root } from '../support/run.ts'
import { quietSwitches } from '../support/chromium.ts'

export interface Stage {
  readonly browser: Browser
  /** The address of a page that can load the bundle, and of one that has nothing to do with it. */
  readonly site: string
  readonly elsewhere: string
  /** Settles when everything that was asked of this collector before has come to it. */
  readonly fence: (url: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** A real browser, and a site on this machine that hosts the library as its users would. */
export async function openStage(home: Home): Promise<Stage> {
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/': [
      'text/html',
      '<!doctype html><title>host</title><script type=module src=/host.js></script>',
    ],
    '/elsewhere': ['text/html', '<!doctype html><title>elsewhere</title>'],
    '/host.js': ['text/javascript', hostScript],
    '/worker.js': ['text/javascript', workerScript],
    '/browser.js': ['text/javascript', readFileSync(`${root}/dist/browser.js`, 'utf8')],
  }
  const server = http.createServer(({ url = '' }, response) => {
    const [type, text] = files[url] ?? ['text/plain', '']
    response.writeHead(files[url] ? 200 : 404, { 'content-type': type }).end(text)
  })
  const port = await listen(server)
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    env: home.env,
    args: quietSwitches,
    // Playwright switches off what we want to see working.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  const site = `http://127.0.0.1:${port}/`
  // A page that outlives those of the tests, and that nothing is tested on.
  const witness = await browser.newPage()
  await witness.goto(`${site}elsewhere`)
  return {
    browser,
    site,
    elsewhere: `${site}elsewhere`,
    fence: async (url) => {
      const fence = `${new URL(url).origin}/fence`
      await witness.evaluate(`fetch('${fence}', { mode: 'no-cors' }).then(() => undefined)`)
    },
    close: async () => {
      await browser.close()
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  }
}

/** A host: it keeps its telemetry and its last run where tests find them. */
const hostScript = `
import { createBrowserTelemetry } from '/browser.js'
// Pages hear of their own end before any library in them does.
addEventListener('pagehide', () => {})
const start = { runKind: 'repl', jitEnabled: true, accelerateEnabled: false }
globalThis.host = {
  start,
  open: (options) => { host.telemetry = createBrowserTelemetry(options) },
  run: (finish = { success: true }, facts = start) => host.telemetry.startRun(facts).finish(finish),
  work: (job) => new Promise((resolve) => {
    host.worker = new Worker('/worker.js', { type: 'module' })
    host.worker.onmessage = ({ data }) => resolve(data)
    host.worker.postMessage(job)
  }),
}
`

const workerScript = `
import { createBrowserTelemetry } from '/browser.js'
onmessage = async ({ data: { options, start } }) => {
  const telemetry = createBrowserTelemetry(options)
  telemetry.startRun(start).finish({ success: true, jitUsed: false })
  const preview = telemetry.preview()
  await telemetry.close()
  postMessage(preview)
}
`
