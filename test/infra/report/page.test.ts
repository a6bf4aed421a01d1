import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { dictionary, dictionaryPage } from '../../../infra/report/src/public/dictionary.ts'
import { linksOf } from '../../../infra/report/src/show/html.ts'
import { style } from '../../../infra/report/src/show/style.ts'
import { hasChromium, quietSwitches } from '../../support/chromium.ts'
import { tempHome } from '../../support/home.ts'
import { finished, folder, install, lines, now, report } from './support/cli.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const msPerDay = 86_400_000

const codes = ['IndexOutOfBounds', 'FusionKernelCompilation', 'ParseError']

/** A few events on each of the last 365 days, with long names among them. */
function year(): string {
  const systems = [
    { os: 'linux', arch: 'x86_64', platform: 'linux-x86_64' },
    { os: 'windows', arch: 'arm64', platform: 'windows-arm64' },
  ]
  return lines(
    ...Array.from({ length: 365 }, (_, day) => now - day * msPerDay).flatMap((at, day) => [
      finished({ timestamp_ms: at, jit_used: day % 3 === 0, gpu_dispatches: day % 5 }),
      finished({
        timestamp_ms: at,
        success: false,
        error: `RunMat:${codes[day % 4] ?? `Rare${day}`}`,
        'runtime.failure.stage': 'compile',
        'runtime.failure.component': 'name_resolution',
      }),
      install(day % 7 === 0 ? 'failed' : 'complete', systems[day % 2]),
    ]),
    usage,
  )
}

const usage = JSON.stringify({
  payload_schema_version: 1,
  event_id: '33333333-3333-4333-8333-333333333333',
  install_id: '44444444-4444-4444-8444-444444444444',
  sequence: 4,
  trigger: 'first_successful_run',
  trigger_ts: '2026-11-28T00:00:00Z',
  version: '0.6.1',
  platform: { os: 'linux', arch: 'x86_64' },
  subcommand_counts: { run: 12_345_678, run_success: 3 },
  engine_selections: { jit: 7 },
  feature_capabilities: { gpu: true },
})

async function pageOf(stdin: string, ...words: readonly string[]): Promise<string> {
  const asked = ['--from', '-', '--format', 'html', ...words]
  const { code, out, err } = await report(asked, { stdin })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

describe('a page of a year', () => {
  it('takes less than 200 kB, and draws a line by week instead of a blur by day', async () => {
    const page = await pageOf(year())
    expect(Buffer.byteLength(page)).toBeLessThan(200_000)
    expect(page).toContain('Share of finished runs by week.')
    const line = /<path class="series l1" d="([^"]+)"/.exec(page)?.[1]
    expect(line?.split(/[ML]/).length).toBeLessThan(55)
  })
})

describe.skipIf(!hasChromium)('a page in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    const { env } = tempHome()
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      env,
      args: quietSwitches,
    })
  })
  afterAll(() => browser.close())

  it('is as readable where it lists every field', async () => {
    const page = await opened(publicDictionary(), { bypassCSP: true })
    for (const width of [360, 1200]) {
      await page.setViewportSize({ width, height: 800 })
      expect({ width, over: await overflows(page) }).toEqual({ width, over: [] })
      await page.evaluate(axe)
      const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string }[] }
      expect(violations.map(({ id }) => id)).toEqual([])
    }
    await page.context().close()
  })

  const inventories: readonly (readonly [string, () => string])[] = [
    ['a year', year],
    ['nothing', () => ''],
    ['names that are as long as they may be', longNames],
  ]

  describe.each(inventories)('of %s', (_, make) => {
    it.each(['light', 'dark'] as const)('is accessible, %s', async (colorScheme) => {
      const page = await opened(await pageOf(make()), { colorScheme, bypassCSP: true })
      for (const width of [360, 1200]) {
        await page.setViewportSize({ width, height: 800 })
        await page.evaluate(axe)
        const { violations } = (await page.evaluate('axe.run()')) as {
          violations: { id: string }[]
        }
        expect(violations.map(({ id }) => id)).toEqual([])
      }
      await page.context().close()
    })

    it('shows every column on a phone, a screen and A4, without scrolling sideways', async () => {
      const page = await opened(await pageOf(make()), {})
      for (const [media, width] of [
        ['screen', 360],
        ['screen', 1200],
        ['print', 700],
      ] as const) {
        await page.emulateMedia({ media })
        await page.setViewportSize({ width, height: 800 })
        expect({ media, width, over: await overflows(page) }).toEqual({ media, width, over: [] })
      }
      await page.context().close()
    })
  })

  it.each([[[]], [['active', '--by', 'day']], [['active', '--by', 'day,os']]])(
    'breaks no date, on a phone and on paper either: %s',
    async (words) => {
      const page = await opened(await pageOf(year(), ...words), {})
      for (const [media, width] of [
        ['screen', 360],
        ['screen', 1000],
        ['screen', 1200],
        ['print', 700],
      ] as const) {
        await page.emulateMedia({ media })
        await page.setViewportSize({ width, height: 800 })
        expect(await brokenDates(page)).toEqual({ dates: expect.any(Number) as number, broken: [] })
        expect({ media, width, over: await overflows(page) }).toEqual({ media, width, over: [] })
      }
      expect((await brokenDates(page)).dates).toBeGreaterThan(1)
      await page.context().close()
    },
  )

  it('lets no number run into the next on a phone, where there are many', async () => {
    const page = await opened(await pageOf(year(), 'active', '--by', 'day,os'), {})
    await page.setViewportSize({ width: 360, height: 800 })
    const wide = await page.evaluate(`[...document.querySelectorAll('th.n, td.n')]
      .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)`)
    expect(wide).toEqual([])
    await page.context().close()
  })

  async function opened(
    html: string,
    options: Parameters<Browser['newContext']>[0],
  ): Promise<Page> {
    const file = path.join(folder(), 'page.html')
    writeFileSync(file, html)
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.goto(pathToFileURL(file).href)
    return page
  }
})

function publicDictionary(): string {
  const links = linksOf({ links: [{ text: '30 days', href: '30.html' }] })
  return dictionaryPage(dictionary(), [], links)
}

function longNames(): string {
  return lines(
    finished({ success: false, error: `RunMat:${'Long'.repeat(30)}` }),
    install('complete', { os: 'o'.repeat(128), arch: 'a'.repeat(128), release: 'r'.repeat(128) }),
  )
}

/** The page itself, and everything in it that scrolls. */
async function overflows(page: Page): Promise<unknown> {
  return await page.evaluate(`[...document.querySelectorAll('html, .scroll')]
    .filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => one.getAttribute('aria-label') ?? 'page')`)
}

async function brokenDates(page: Page): Promise<{ dates: number; broken: string[] }> {
  return await page.evaluate(`(() => {
    const cells = [...document.querySelectorAll('th, td')]
    const dates = cells.filter((one) => /^\\d{4}-\\d\\d-\\d\\d$/.test(one.textContent))
    const linesOf = (one) => {
      const range = document.createRange()
      range.selectNodeContents(one)
      return range.getClientRects().length
    }
    const broken = dates.filter((one) => linesOf(one) > 1).map((one) => one.textContent)
    return { dates: dates.length, broken }
  })()`)
}

describe('the colours', () => {
  const blocks = style.split('prefers-color-scheme:dark')
  const themes = [
    ['light', blocks[0] ?? ''],
    ['dark', blocks[1]?.split('@media')[0] ?? ''],
    ['paper', style.split('@media print')[1] ?? ''],
  ] as const

  it.each(themes)('stand out enough: %s', (_, css) => {
    const colours = new Map(
      [...css.matchAll(/--(\w+):(#[0-9a-f]{3,6})/g)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    )
    const back = luminance(colours.get('back') ?? '')
    const contrastOf = (name: string) => {
      const own = luminance(colours.get(name) ?? '')
      return (Math.max(own, back) + 0.05) / (Math.min(own, back) + 0.05)
    }
    for (const name of ['ink', 'soft', 'plain', 'c1', 'c2', 'c3', 'c4'])
      expect(contrastOf(name)).toBeGreaterThanOrEqual(4.5)
    for (const name of ['good', 'bad', 'open']) expect(contrastOf(name)).toBeGreaterThanOrEqual(3)
  })
})

/** As WCAG defines it. */
function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.replaceAll(/[0-9a-f]/g, '$&$&') : colour
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
