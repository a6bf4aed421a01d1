// Takes the pictures of the README from the real commands: `npm run pictures`. Needs Chromium, and
// `script` of util-linux. With --check it only compares the texts beside them with what is shown now.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { openScene } from './pictures/scene.js'
import { pageOfTerminal, textOfPage, textOfTerminal } from './pictures/text.js'

const folder = path.join(import.meta.dirname, '../docs/pictures')
const at = (name) => path.join(folder, name)
const onlyCheck = process.argv.includes('--check')

/** Ties a picture to its text: both were written by the same run. */
const sealOf = (name) =>
  createHash('sha256')
    .update(readFileSync(at(`${name}.png`)))
    .update(readFileSync(at(`${name}.txt`)))
    .digest('hex')

const scene = await openScene()
try {
  const shown = await scene.terminal('status')
  const view = await scene.view()
  try {
    const page = await pageAt(view.url)
    const texts = { status: textOfTerminal(shown), view: textOfPage(page) }
    if (onlyCheck) process.exitCode = check(texts)
    else await take(texts, pageOfTerminal('runmat-telemetry status', shown), page)
  } finally {
    view.close()
  }
} finally {
  scene.close()
}

/** The page behind the address, which works once and sets a cookie. */
async function pageAt(url) {
  const entry = await fetch(url, { redirect: 'manual' })
  const cookie = entry.headers.get('set-cookie')?.split(';')[0] ?? ''
  return await (await fetch(new URL('/', url), { headers: { cookie } })).text()
}

function check(texts) {
  const seals = JSON.parse(readFileSync(at('seals.json'), 'utf8'))
  let exitCode = 0
  for (const [name, text] of Object.entries(texts)) {
    const kept = readFileSync(at(`${name}.txt`), 'utf8')
    if (kept === text && seals[name] === sealOf(name)) continue
    exitCode = 1
    console.log(`docs/pictures/${name}.png is out of date; run: npm run pictures`)
    const was = new Set(kept.split('\n'))
    for (const line of text.split('\n')) if (!was.has(line)) console.log(`now: ${line}`)
  }
  return exitCode
}

async function take(texts, terminal, page) {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
  try {
    const sheet = await browser.newPage({ deviceScaleFactor: 1.5, javaScriptEnabled: false })
    await sheet.setContent(terminal)
    await sheet.locator('pre').screenshot({ path: at('status.png') })
    await sheet.setViewportSize({ width: 900, height: 720 })
    await sheet.setContent(page)
    await sheet.screenshot({ path: at('view.png') })
  } finally {
    await browser.close()
  }
  for (const [name, text] of Object.entries(texts)) writeFileSync(at(`${name}.txt`), text)
  const seals = Object.fromEntries(Object.keys(texts).map((name) => [name, sealOf(name)]))
  writeFileSync(at('seals.json'), `${JSON.stringify(seals, undefined, 2)}\n`)
}
