import type { ServerResponse } from 'node:http'

import { sightingOf } from '../../files/snapshot.ts'
import { eventContracts } from '../../contract/contracts.ts'
import { readLedger } from '../../store/ledger.ts'
import { listQueue } from '../../store/queue.ts'
import { readQueued } from '../../store/queued-event.ts'
import { type Invocation, reassessed } from '../invocation.ts'
import type { Erased } from './leaving.ts'
import { mainOf } from './page.ts'
import { type PageRequest, takeSnapshot } from './snapshot.ts'

/** Tells open pages what happens on this machine, as it happens. */
export interface Live {
  readonly follow: (response: ServerResponse, request: PageRequest) => void
  /** How many pages are open. */
  readonly watching: () => number
  readonly close: () => void
}

const lookEveryMs = 300
/** Times on the page say how long ago something was. */
const repaintEveryMs = 30_000
/** A browser opens six connections to one address, and needs some of them for pages and buttons. */
const mostFollowing = 4

export function openLive(invocation: Invocation, erased: () => Erased | undefined): Live {
  const pages = new Map<ServerResponse, PageRequest>()
  // A browser that has put a tab to sleep reads nothing. It gets the page as it is when it wakes.
  const stale = new Set<ServerResponse>()
  let timer: NodeJS.Timeout | undefined
  let last = ''
  let painted = 0
  let known = knownOf(invocation)

  const look = (): void => {
    const now = reassessed(invocation)
    const state = stateOf(now)
    const time = Date.now()
    if (state !== last || Math.abs(time - painted) >= repaintEveryMs) {
      const isNew = state !== last
      last = state
      painted = time
      if (isNew) announce(now)
      for (const page of pages.keys()) stale.add(page)
    }
    for (const [page, request] of pages) {
      if (page.writableNeedDrain || !stale.delete(page)) continue
      paint(page, request, now)
    }
  }
  const announce = (now: Invocation): void => {
    const before = known
    known = knownOf(now)
    const contracts = eventContracts(now.product)
    for (const { name, path } of listQueue(now.context.paths.queue)) {
      if (before.queued.has(name)) continue
      const queued = readQueued(path, contracts, Date.now())
      if (queued.kind === 'event') tell('recorded', queued.bytes)
    }
    const news = known.sent - before.sent
    if (news <= 0) return
    const entries = readLedger(now.context.paths.ledger).slice(0, news).toReversed()
    for (const { event } of entries) tell('sent', JSON.stringify(event))
  }
  const tell = (name: string, data: string): void => {
    for (const page of pages.keys()) {
      if (!page.writableNeedDrain) page.write(`event: ${name}\ndata: ${data}\n\n`)
    }
  }
  const paint = (page: ServerResponse, request: PageRequest, now: Invocation): void => {
    const options = { isStatic: false, problem: undefined, erased: erased() }
    const markup = mainOf(now, takeSnapshot(now, request), options).text
    page.write(`event: page\ndata: ${JSON.stringify(markup)}\n\n`)
  }
  return {
    follow: (response, request) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write(': hello\n\n')
      if (pages.size === 0) {
        known = knownOf(invocation)
        last = stateOf(reassessed(invocation))
        painted = Date.now()
      }
      const [oldest] = pages.keys()
      if (oldest !== undefined && pages.size === mostFollowing) {
        pages.delete(oldest)
        oldest.end('event: pause\ndata: until it is looked at again\n\n')
      }
      pages.set(response, request)
      if (request.isAgain) stale.add(response)
      response.once('close', () => {
        pages.delete(response)
        stale.delete(response)
        if (pages.size === 0) clearInterval(timer)
      })
      clearInterval(timer)
      timer = setInterval(look, lookEveryMs)
    },
    watching: () => pages.size,
    close: () => {
      clearInterval(timer)
      for (const page of pages.keys()) page.end()
    },
  }
}

/** Different as soon as anything that the page shows is. */
function stateOf({ context }: Invocation): string {
  const { queue, stats, ledger, uploads, clientId, lock } = context.paths
  const files = [queue, stats, ledger, uploads, clientId, lock].map(
    (file) => sightingOf(file).trace,
  )
  return JSON.stringify([context.verdict, context.choices.endpoint.value, files])
}

function knownOf({ context }: Invocation) {
  const { queue, ledger } = context.paths
  return {
    queued: new Set(listQueue(queue).map(({ name }) => name)),
    sent: readLedger(ledger).length,
  }
}
