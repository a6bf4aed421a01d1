// Makes docs/pictures/report.png from a real report over made-up events of 90 days:
// `npm run build && node scripts/report-picture.js`. Chromium is at /usr/bin/chromium, or where
// CHROMIUM says.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { chromium } from 'playwright-core'

import { eventsOf } from '../bench/support/report-events.js'

const root = path.join(import.meta.dirname, '..')
const picture = path.join(root, 'docs/pictures/report.png')
const msPerDay = 86_400_000
const last = Date.parse('2026-11-27')
const days = 90
const eventsPerDay = 3000

const folder = mkdtempSync(path.join(os.tmpdir(), 'runmat-telemetry-picture-'))
try {
  fill(path.join(folder, 'events'))
  const page = path.join(folder, 'report.html')
  const program = path.join(root, 'infra/report/bin/runmat-telemetry-report.js')
  const words = ['--from', path.join(folder, 'events'), '--top', '10', '--format', 'html']
  const questions = ['installs', 'active', 'failures']
  execFileSync(process.execPath, [program, ...questions, ...words, '--output', page])
  await draw(page)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function fill(events) {
  mkdirSync(events)
  let now = last
  const next = eventsOf(3, { at: () => now })
  for (let day = days - 1; day >= 0; day -= 1) {
    now = last - day * msPerDay
    const name = `${new Date(now).toISOString().slice(0, 10)}.demo.ndjson`
    const lines = Array.from({ length: eventsPerDay }, () => `${next()}\n`)
    writeFileSync(path.join(events, name), lines.join(''))
  }
}

async function draw(page) {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const tab = await browser.newPage({ viewport: { width: 960, height: 600 } })
  await tab.goto(pathToFileURL(page).href)
  mkdirSync(path.dirname(picture), { recursive: true })
  await tab.screenshot({ path: picture, fullPage: true })
  await browser.close()
}
