import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { fillQueue, makeEvents } from './support/events.js'
import { median, ratio } from './support/numbers.js'
import { node, startServer } from './support/process.js'
import { inTurns } from './support/rounds.js'
import { pointTo, upload } from './support/uploader.js'

const limit = 0.6

/** How fast a long queue is delivered, against a client that is only node:http. */
export async function drain(stage, { quick }) {
  const count = quick ? 2000 : 10_000
  const collector = await startServer(stage.program('collector.js'), process.env)
  try {
    const home = stage.home()
    const events = makeEvents(stage.internals, count)
    const list = path.join(home.cwd, 'events.ndjson')
    const folder = path.join(home.cwd, 'events')
    writeFileSync(list, events.map(({ bytes }) => `${bytes}\n`).join(''))
    pointTo(home, collector.url)
    const bare = (source) =>
      node([stage.program('bare-client.js'), collector.url, source], home).took
    const rates = await inTurns(quick ? 3 : 7, {
      uploader: () => rate(collector, count, () => upload(stage, home, events)),
      bare: () => rate(collector, count, () => bare(list)),
      files: () =>
        rate(collector, count, () => {
          fillQueue(folder, events)
          return bare(folder)
        }),
    })
    return rowsOf(count, rates)
  } finally {
    collector.stop()
  }
}

/** Events a second, from the start of a process to its end, after all of them arrived. */
async function rate({ url }, count, run) {
  const took = run()
  const answer = await fetch(url, { headers: { connection: 'close' } })
  const arrived = Number(await answer.text())
  if (arrived !== count) throw new Error(`${arrived} of ${count} events arrived`)
  return (count / took) * 1000
}

function rowsOf(count, { uploader, bare, files }) {
  const events = `${count.toLocaleString('en')} events`
  const against = ratio(uploader, bare)
  return [
    {
      what: `uploader, ${events}`,
      median: median(uploader),
      unit: '/s',
      beside: `bare client, from memory: ${median(bare).toFixed(0)} /s`,
      ratio: against,
      limit: `≥ ${limit} ×`,
      holds: against >= limit,
    },
    {
      what: `uploader, ${events}`,
      median: median(uploader),
      unit: '/s',
      beside: `bare client, read and unlink: ${median(files).toFixed(0)} /s`,
      ratio: ratio(uploader, files),
    },
  ]
}
