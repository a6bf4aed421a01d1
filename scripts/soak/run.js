// Mixed faults under load: `npm run soak -- [--seconds 600] [--seed 1]`. Sinks fail in every way they
// can, and workers, forwarder and uploaders are killed and restarted. Exits with 1 if a queued event is
// missing in the end, is stored twice or differs between attempts.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { textOf } from '../support/home.js'
import { chanceFrom } from './chance.js'
import { openDatagrams } from './datagrams.js'
import { openLane } from './lane.js'
import { moods, openPostHog } from './posthog.js'
import { idsIn, missing, openVerdict } from './verdict.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new Error('--seconds takes a number')
const chance = chanceFrom(Number(values.seed))
const patienceMs = 60_000
const enough = new AbortController()
// Ctrl-C prints the verdict so far.
process.once('SIGINT', () => enough.abort())
const say = (text) => process.stdout.write(`${text}\n`)
const { holds, counted, broken } = openVerdict(say)

const key = `soak-${randomUUID()}`
const posthog = await openPostHog()
const toPostHog = await openLane('posthog', key, () => ({
  POSTHOG_API_KEY: 'phc_soak',
  POSTHOG_HOST: posthog.url,
}))
const toFile = await openLane('file', key, ({ at }) => ({ EVENTS_FILE: at('events.ndjson') }))
const datagrams = openDatagrams(toPostHog.home, key, `${toPostHog.worker.url()}/ingest`)
const lanes = [toPostHog, toFile]

try {
  say(`${seconds} s of faults, --seed ${values.seed}`)
  await datagrams.start()
  const faults = await soak()
  say(`faults: ${faults.join(', ')}`)
  await recover()
  await judge()
} finally {
  await datagrams.stop()
  await Promise.all(lanes.map((lane) => lane.close()))
  await posthog.close()
}
process.exitCode = broken() === 0 ? 0 : 1

async function soak() {
  const counts = new Map()
  const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1)
  const faults = {
    'PostHog changes its mood': () => posthog.become(chance.one(moods)),
    'worker killed': () => chance.one(lanes).strike(),
    'uploader killed': () => chance.one(lanes).client.kill(),
    'forwarder killed': async () => {
      await datagrams.kill()
      await datagrams.start()
    },
  }
  const names = Object.keys(faults)
  const end = performance.now() + seconds * 1000
  while (performance.now() < end && !enough.signal.aborted) {
    await datagrams.send(chance.between(20, 200))
    await pause(chance.between(20, 400))
    // Every second fault is one of PostHog's, because it has so many kinds.
    const what = chance.between(0, 1) === 0 ? names[0] : chance.one(names)
    count(what)
    await faults[what]()
  }
  return [...counts].map(([what, times]) => `${what} ${times} times`)
}

/** The faults have stopped: everything kept must now arrive. */
async function recover() {
  await posthog.become('well')
  await Promise.all(lanes.map((lane) => lane.finish(patienceMs)))
  const end = performance.now() + patienceMs
  while ((await datagrams.metrics()).open > 0 && performance.now() < end) await pause(50)
}

async function judge() {
  const { stored } = posthog
  const { ids, torn } = idsIn(textOf(toFile.home.at('events.ndjson')))
  const lines = new Set(ids)
  const [one, other] = lanes.map(({ client }) => client.sent)
  holds(
    `PostHog: ${one.size} events queued, ${missing(one, stored)} missing`,
    missing(one, stored) === 0,
  )
  const changed = [...stored.values()].filter((said) => said.size > 1).length
  holds(
    `PostHog: ${posthog.copies()} copies of ${stored.size} events came, ${changed} not the same each time`,
    changed === 0,
  )
  holds(
    `file: ${other.size} events queued, ${missing(other, lines)} missing`,
    missing(other, lines) === 0,
  )
  holds(`file: ${ids.length - lines.size} events there twice`, ids.length === lines.size)
  counted(`file: ${torn} lines cut short by a kill, of events that were not confirmed`)
  const { sent } = datagrams
  const arrived = sent.size - missing(sent, stored)
  const forwarded = await datagrams.forwarded()
  holds(
    `datagrams: ${forwarded} forwarded by the forwarder's own count, ${arrived} stored`,
    forwarded <= arrived,
  )
  counted(`datagrams: ${sent.size - arrived} of ${sent.size} lost, in forwarders that were killed`)
  const strays = [...stored.keys()].filter((id) => !one.has(id) && !sent.has(id)).length
  holds(`${strays} events there that nobody sent`, strays === 0 && missing(lines, other) === 0)
}
