import { spawn } from 'node:child_process'
import { once as happened } from 'node:events'
import http from 'node:http'

import { pointTo } from './support/uploader.js'

const answerTimes = [5, 60, 150, 500]

/**
 * How often an event is posted, by the time that the collector takes to answer. The drain is 50 ms; what
 * can't be confirmed within it is left to the uploader.
 */
export async function once(stage, { quick }) {
  const hosts = quick ? 5 : 20
  const rows = []
  for (const ms of answerTimes) {
    const { posts, events } = await postsOf(stage, ms, hosts)
    rows.push({
      what: `posts per event, answers after ${ms} ms, ${hosts} hosts after the first`,
      median: posts / events,
      unit: 'posts',
      beside: `${events} events`,
      limit: '1.00',
      holds: posts === events,
    })
  }
  return rows
}

async function postsOf(stage, ms, hosts) {
  const home = stage.home()
  const collector = await openCollector(ms)
  pointTo(home, collector.url)
  const run = async () => {
    const args = [stage.program('run-once.js')]
    await happened(spawn(process.execPath, args, { ...home, stdio: 'ignore' }), 'close')
    await collector.isQuiet()
  }
  // The first shows the notice, and the second learns how long an answer takes.
  await run()
  await run()
  collector.forget()
  for (let host = 0; host < hosts; host += 1) await run()
  const seen = collector.ids()
  await collector.close()
  return { posts: seen.length, events: new Set(seen).size }
}

async function openCollector(ms) {
  let ids = []
  const open = new Set()
  let last = performance.now()
  const server = http.createServer((request, response) => {
    const chunks = []
    open.add(response)
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { event_id: id, uuid = id } = JSON.parse(Buffer.concat(chunks))
      ids.push(uuid)
      setTimeout(() => response.writeHead(204).end(), ms)
    })
    response.on('close', () => {
      open.delete(response)
      last = performance.now()
    })
  })
  server.listen(0, '127.0.0.1')
  await happened(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/v1/t`,
    ids: () => ids,
    forget: () => (ids = []),
    /** A detached uploader starts within a second of its host's end. */
    isQuiet: async () => {
      last = performance.now()
      while (open.size > 0 || performance.now() - last < 2000) {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await happened(server, 'close')
    },
  }
}
