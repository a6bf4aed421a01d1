// Shows the whole loop on this machine in a temporary home: `npm run demo`. It ends with a report of
// what it sent; `npm run demo -- report.html` keeps the page. Exits with 1 if a promise that it shows
// is not kept.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { openHome, textOf } from '../support/home.js'
import { openWorker } from '../support/worker.js'
import { openStory } from './story.js'

const patienceMs = 20_000
/** Two of the installation, and two of each run. */
const recordedByRuns = 8

const key = `demo-${randomUUID()}`
const home = openHome('demo', key)
const events = home.at('events.ndjson')
const worker = openWorker(home, key, { EVENTS_FILE: events })
const infra = path.join(import.meta.dirname, '../../infra')
const [page] = process.argv.slice(2)
const host = (...args) => home.run('scripts/demo/host.js', args)
const stored = () => textOf(events).split('\n').slice(0, -1)
const story = openStory()
const { say, step, quote, promise } = story
home.env.COLUMNS = String(story.quoteWidth)
const same = (some, others) => JSON.stringify(some) === JSON.stringify(others)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    void worker.kill()
    home.close()
    process.exit(1)
  })
}

try {
  say('The path of an event on this machine, from a program to the receiver’s file.')
  say(`Everything happens in ${home.folder}, which is deleted at the end.`)
  await receive()
  const first = await recordFirst()
  await deliver(first)
  await survive()
  await installAndRun()
  await turnOff()
  await report()
} catch (error) {
  promise(`this runs to its end (${error.message})`, false)
} finally {
  await settle().catch(() => undefined)
  await worker.stop()
  home.close()
}
say('')
say(story.broken() === 0 ? 'Every promise was kept.' : `Promises not kept: ${story.broken()}.`)
process.exitCode = story.broken() === 0 ? 0 : 1

async function receive() {
  step('The receiving side starts: a worker on this machine, which stores events in a file.')
  await worker.start()
  quote(`${worker.url()}/v1/t`)
  step('`runmat-telemetry endpoint …` has events go there, and nowhere else.')
  quote(await home.cli('endpoint', `${worker.url()}/v1/t`))
}

async function recordFirst() {
  step('A program that embeds the library runs for the first time and shows the notice.')
  const { err } = await host('0.6.1')
  quote(err)
  const queued = home.queued()
  say(`   These ${queued.length} events now wait in the queue, as files. The first, in full:`)
  quote(queued[0] ?? 'none')
  say('   You have read its notice now. The next run says so, and is the last that sends nothing.')
  await host('0.6.1', 'shown')
  promise(
    'nothing leaves before somebody has read the notice',
    home.waiting() >= 3 && stored().length === 0,
  )
  return queued
}

async function deliver(first) {
  step('The program runs again and exits; a detached process delivers the queue.')
  await host('0.6.1')
  await until(() => home.waiting() === 0 && stored().length === 4)
  await settle()
  say(`   The worker stored ${stored().length} events, and answered each with 204.`)
  promise('an event leaves the queue after 204, and then it is stored', stored().length === 4)
  promise(
    'what is stored is what waited, byte for byte',
    first.every((bytes) => stored().includes(bytes)),
  )
  step('`runmat-telemetry log` says when what was sent where to. (The events are left out here.)')
  const lines = (await home.cli('log')).split('\n')
  quote(lines.filter((line) => line !== '' && !line.startsWith('{')).join('\n'))
  promise('what it lists is what is stored', same(await logged(), stored().sort()))
}

async function survive() {
  step('The worker stops, and the program runs again.')
  await worker.stop()
  const before = (await home.ask('status')).uploader.last_attempt
  await host('0.6.1')
  await until(async () => (await home.ask('status')).uploader.last_attempt !== before)
  await settle()
  say(`   Nobody answered. In the queue: ${home.waiting()} event.`)
  promise('without 204 nothing is deleted', home.waiting() === 1)
  step('The worker is back, and `runmat-telemetry upload` ignores the back-off.')
  await worker.start()
  quote(await home.cli('upload'))
  promise('nothing was lost', home.waiting() === 0 && same(await logged(), stored().sort()))
  const ids = stored().map((line) => JSON.parse(line).event_id)
  promise('nothing is there twice', new Set(ids).size === ids.length && ids.length === 5)
}

async function installAndRun() {
  step('The program is installed and runs three scripts, the last of which fails.')
  const before = stored().length
  await home.run('scripts/demo/runs.js', ['0.6.1'])
  await until(() => home.waiting() === 0 && stored().length === before + recordedByRuns)
  await settle()
  say(`   The worker stored ${recordedByRuns} more events.`)
}

async function turnOff() {
  step('`runmat-telemetry disable`: one word, for good.')
  quote(await home.cli('disable'))
  const before = [stored(), home.stats()]
  // The first run would be a milestone.
  await host('0.7.0')
  await settle()
  say('   The program ran once more, in a new version.')
  promise('nothing is counted', home.stats() === before[1])
  promise('nothing is queued, nothing is sent', home.waiting() === 0)
  promise('nothing arrives', same(stored(), before[0]))
}

async function report() {
  step('`runmat-telemetry-report` answers from what arrived, in text and as a page.')
  quote(await ask('--format', 'text'))
  const { coverage } = JSON.parse(await ask('--format', 'json'))
  promise('the report counts every event that arrived, once', coverage.events === stored().length)
  const html = await ask('--format', 'html')
  promise(
    'its page has no script and may load nothing',
    html.includes("default-src 'none'") && !/<script|src=/.test(html),
  )
  if (page === undefined) say('   `npm run demo -- report.html` keeps the page.')
  else {
    writeFileSync(page, html)
    say(`   The page is ${path.resolve(page)}.`)
  }
}

async function ask(...options) {
  const program = 'infra/report/bin/runmat-telemetry-report.js'
  if (!existsSync(path.join(infra, 'report/dist/report.js'))) {
    execFileSync(process.execPath, [path.join(infra, 'report/build.js')])
  }
  const { code, out, err } = await home.run(program, ['--from', events, ...options])
  if (code !== 0) throw new Error(`runmat-telemetry-report: ${err}`)
  return out
}

/** The bytes of every event that the client believes to be stored. */
async function logged() {
  return (await home.ask('log')).map(({ event }) => JSON.stringify(event)).sort()
}

/** No uploader is running any more. */
async function settle() {
  await until(async () => !(await home.ask('status')).uploader.running)
}

async function until(holds) {
  const end = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain`)
    await pause(30)
  }
}
