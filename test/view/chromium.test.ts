import { readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import http from 'node:http'

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { hasChromium, quietSwitches } from '../support/chromium.ts'
import { listen, startCollector } from '../support/collector.ts'
import { type Home, tempHome } from '../support/home.ts'
import { cli } from '../support/run.ts'
import { all, erasePending, foreign, waiting } from '../screens/states.ts'
import { ask, openView, type OpenView } from './stage.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The checker of axe-core is a script of ours in the page. */
const onPhone = { viewport: { width: 360, height: 640 }, bypassCSP: true } as const

const usage = JSON.stringify({ subcommand: 'run', outcome: 'success', engine: 'jit' })

const run = JSON.stringify({
  event_label: 'runtime.run.finished',
  run_kind: 'script',
  payload: { 'runtime.failure.component': 'name_resolution', counters: { jit_compiled: 3 } },
})

// All at once in one browser: on a busy machine, each takes as long as all of them.
describe.skipIf(!hasChromium).concurrent('view in Chromium', { timeout: 180_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      env: tempHome().env,
      args: quietSwitches,
    })
  })
  afterAll(() => browser.close())

  const look = async (
    home: Home,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ page: Page; context: BrowserContext; opened: OpenView }> => {
    const opened = await openView(home)
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.goto(opened.url)
    return { page, context, opened }
  }

  it('turns telemetry off by a click on the switch, and says so', async () => {
    const home = tempHome()
    const { page, context } = await look(home)
    await page.getByRole('button', { name: 'Turn telemetry off for good' }).click()
    await page.getByRole('heading', { name: 'RunMat telemetry is off.' }).waitFor()
    expect(home.read(home.settings)).toContain('enabled = false')
    await page.getByRole('button', { name: 'Turn telemetry on' }).click()
    await page.getByRole('button', { name: 'Turn telemetry off for good' }).waitFor()
    expect(home.read(home.settings)).toContain('enabled = true')
    await context.close()
  })

  it('works by keyboard alone, and without a script', async () => {
    const home = tempHome()
    const { page, context } = await look(home, { javaScriptEnabled: false })
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'RunMat telemetry is off.' }).waitFor()
    expect(home.read(home.settings)).toContain('enabled = false')
    await context.close()
  })

  it('shows an event as soon as it is recorded, and what happens in another tab', async () => {
    const home = tempHome()
    const { page, context, opened } = await look(home)
    const second = await context.newPage()
    await second.goto(new URL('/', opened.url).href)
    await page.getByText('Live: this page follows what happens.').waitFor()
    await second.getByText('Live: this page follows what happens.').waitFor()
    await cli(home, ['record', 'usage'], { input: usage })
    await page.getByText('first_seen_for_install_id', { exact: true }).first().waitFor()
    expect(await page.locator('#waiting').innerText()).toMatch(/^\d+ events waiting$/)
    await second.getByRole('button', { name: 'Turn telemetry off for good' }).click()
    await page.getByRole('heading', { name: 'RunMat telemetry is off.' }).waitFor()
    await context.close()
  })

  it('keeps what a person reads, and where the keyboard is, when something happens', async () => {
    const home = tempHome()
    await cli(home, ['record', 'usage'], { input: usage })
    // Where nobody can make a file, not even root.
    symlinkSync('/proc', home.at('.config'))
    const { page, context } = await look(home, onPhone)
    await page.getByText('Explain this event').first().click()
    const back = page.getByText('Back to everything')
    await page.getByText('Live: this page follows what happens.').waitFor()
    await back.focus()
    await cli(home, ['record', 'install'], {
      input: JSON.stringify({ event_label: 'install_start', method: 'shell' }),
    })
    await page.getByText('install_start', { exact: true }).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Back to everything')
    await page.getByRole('button', { name: 'Turn telemetry off for good' }).click()
    const problem = page.getByText('Cannot change the settings.')
    await problem.waitFor()
    await page.getByText('Live: this page follows what happens.').waitFor()
    home.write('runmat.toml', '[runtime.telemetry]\nenabled = false\n')
    await page.getByText('Turned off in ~/runmat.toml:2').waitFor()
    expect(await problem.isVisible()).toBe(true)
    expect(await violationsOn(page)).toEqual([])
    await context.close()
  })

  it('works in more tabs than a browser opens connections', async () => {
    const home = tempHome()
    const { page: first, context, opened } = await look(home)
    const others: Page[] = []
    for (let tab = 2; tab <= 8; tab += 1) {
      const page = await context.newPage()
      await page.goto(new URL('/', opened.url).href)
      await page.getByText('Live: this page follows what happens.').waitFor()
      others.push(page)
    }
    await first.getByText('Paused: too many tabs are open.').waitFor()
    await first.getByRole('button', { name: 'Turn telemetry off for good' }).click()
    const isOff = { name: 'RunMat telemetry is off.' }
    await first.getByRole('heading', isOff).waitFor()
    await others.at(-1)?.getByRole('heading', isOff).waitFor()
    const paused = others[0]
    expect(await paused?.getByRole('heading', isOff).count()).toBe(0)
    await paused?.evaluate("dispatchEvent(new Event('focus'))")
    await paused?.getByRole('heading', isOff).waitFor()
    await context.close()
  })

  it('erases after a second question, and removes nothing until the collector has confirmed', async () => {
    const home = tempHome()
    const collector = await startCollector({ answer: 503 })
    home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
    await cli(home, ['record', 'usage'], { input: usage })
    const id = home.read(home.clientId).trim()
    const { page, context } = await look(home, onPhone)
    const button = page.getByRole('button', { name: 'Erase everything now' })
    expect(await button.isVisible()).toBe(false)
    await page.getByText('Erase everything, here and at the collector').click()
    await button.click()
    await page.getByText('is temporarily unavailable (503)').waitFor()
    expect(home.read(home.clientId).trim()).toBe(id)
    expect(await button.count()).toBe(0)
    collector.setAnswer(204)
    await page.getByRole('button', { name: 'Ask the collector again' }).click()
    await page.getByRole('heading', { name: 'Everything is erased' }).waitFor()
    await page.getByText(`${new URL(collector.url).host} has confirmed the erasure.`).waitFor()
    expect(home.has(home.clientId)).toBe(false)
    expect(await overflow(page)).toBe(0)
    expect(await violationsOn(page)).toEqual([])
    // A page that follows what happens keeps saying so, until telemetry is on again.
    home.write('runmat.toml', '[runtime.telemetry]\nenabled = false\n')
    await page.getByText('Also: Turned off in ~/runmat.toml:2').waitFor()
    expect(await page.getByText('Everything is erased').isVisible()).toBe(true)
    await page.getByRole('button', { name: 'Turn telemetry on' }).click()
    await page.getByRole('button', { name: 'Turn telemetry off for good' }).waitFor()
    expect(await page.getByText('Everything is erased').count()).toBe(0)
    expect(collector.events.map(({ json }) => json)).toEqual(
      [1, 2].map(() => expect.objectContaining({ event_label: 'telemetry.erase', cid: id })),
    )
    await collector.stop()
    await context.close()
  })

  it('says at its top that the command has ended, and has no button that can be pressed', async () => {
    const home = tempHome()
    waiting(1)(home)
    const { page, context, opened } = await look(home)
    await page.getByText('Live: this page follows what happens.').waitFor()
    const disabled = () => page.locator('button:disabled').count()
    expect(await disabled()).toBe(0)
    opened.process.kill('SIGINT')
    await page.getByText('No longer live: the command that opened this page has ended').waitFor()
    expect(await page.locator('body > :first-child').innerText()).toMatch(/^No longer live/)
    expect(await disabled()).toBe(await page.locator('button').count())
    expect(await violationsOn(page)).toEqual([])
    await context.close()
  })

  it('gives nothing to a second browser that finds the used address', async () => {
    const { context, opened } = await look(tempHome())
    const other = await browser.newContext()
    const page = await other.newPage()
    const answer = await page.goto(opened.url)
    expect(answer?.status()).toBe(403)
    await other.close()
    await context.close()
  })

  it('heeds no form of another site, although the browser has the cookie', async () => {
    const home = tempHome()
    const { context, opened } = await look(home)
    const target = `http://127.0.0.1:${opened.port}/disable`
    const server = http.createServer((_, response) => {
      response
        .setHeader('content-type', 'text/html')
        .end(`<form method="post" action="${target}"><button>Win a prize</button></form>`)
    })
    const site = await context.newPage()
    await site.goto(`http://127.0.0.1:${await listen(server)}/`)
    const [answer] = await Promise.all([
      site.waitForResponse(target),
      site.getByRole('button').click(),
    ])
    expect(answer.status()).toBe(403)
    expect(home.has(home.settings)).toBe(false)
    server.close()
    server.closeAllConnections()
    await context.close()
  })

  it('ends a moment after its last tab was closed, even if other programs ask for the page', async () => {
    const { page, context, opened } = await look(tempHome())
    await page.getByText('Live: this page follows what happens.').waitFor()
    await context.close()
    const asking = setInterval(() => void ask(opened.port, { path: '/' }).catch(() => ''), 1000)
    expect(await opened.ended).toBe(0)
    clearInterval(asking)
  })

  const states: readonly (readonly [string, (home: Home) => Promise<unknown>])[] = [
    ['nothing recorded', () => Promise.resolve()],
    ['events waiting', (home) => cli(home, ['record', 'usage'], { input: usage })],
    ['a run waiting', (home) => cli(home, ['record', 'runtime'], { input: run })],
    ['off', (home) => cli(home, ['disable'])],
    ['settings that cannot be read', (home) => Promise.resolve(home.write(home.settings, '['))],
    ['folders of others', (home) => Promise.resolve(foreign(home))],
    ['counting only', (home) => cli(home, ['endpoint', ''])],
    ['an erasure pending', (home) => Promise.resolve(all(waiting(1), erasePending)(home))],
  ]
  it.each(states)('is accessible and fits a phone, in the dark, on paper: %s', async (_, make) => {
    const home = tempHome()
    await make(home)
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, context } = await look(home, {
        ...onPhone,
        colorScheme,
      })
      for (const details of await page.locator('details').all()) {
        await details.evaluate('(one) => { one.open = true }')
      }
      expect(await overflow(page)).toBe(0)
      await page.emulateMedia({ media: 'print', colorScheme })
      expect(await page.locator('form:visible').count()).toBe(0)
      await page.emulateMedia({ media: 'screen', colorScheme })
      expect(await violationsOn(page)).toEqual([])
      await context.close()
    }
  })

  it('loads nothing but itself, and runs nothing that an event brings', async () => {
    const home = tempHome()
    await cli(home, ['record', 'usage'], { input: usage })
    const [bytes = ''] = (await cli(home, ['print', '--queued'])).out.split('\n')
    const hostile = bytes.replace('"gpu":', '"<img src=x onerror=alert(1)>":')
    home.write(
      `${home.state}/sent.ndjson`,
      `{"sent_at":"<script>alert(1)</script>","endpoint":"<b onclick=alert(1)>","event":${hostile}}\n`,
    )
    const { page, context, opened } = await look(home)
    const asked: string[] = []
    const faults: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).origin))
    page.on('console', (message) => faults.push(message.text()))
    await page.reload()
    await page.getByText('Live: this page follows what happens.').waitFor()
    expect(new Set(asked)).toEqual(new Set([new URL(opened.url).origin]))
    expect(faults).toEqual([])
    expect(await page.locator('b, img, main script').count()).toBe(0)
    await context.close()
  })
})

async function violationsOn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string }[] }
  return violations.map(({ id }) => id)
}

function overflow(page: Page): Promise<number> {
  return page.evaluate(
    'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)',
  )
}
