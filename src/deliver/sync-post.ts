import { builtin } from '../files/builtin.ts'
import { steadyMs } from '../files/clock.ts'
import type { Way } from './departures.ts'

export interface SinglePost {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export interface SyncPostOptions {
  readonly post: SinglePost
  /** Where a datagram with the same event goes; nowhere if empty. */
  readonly udpEndpoint: string
  /** Called right before the event's bytes go to the kernel. */
  readonly mayBegin: (way: Way) => boolean
  /** Called if the kernel can't send the datagram yet. */
  readonly onHeld: () => void
  /** Called repeatedly while waiting for the answer. */
  readonly mustStop: () => boolean
}

/** What the other thread starts with. The threads communicate only through `cells`, as this one sleeps. */
export interface SyncPostData extends SinglePost {
  readonly udpEndpoint: string
  readonly cells: Int32Array
  readonly timeoutMs: number
}

/** The cells and their values. */
export const cell = { state: 0, answer: 1, stop: 2, held: 3 } as const
export const state = { working: 0, askHttp: 1, askUdp: 2, delivered: 3, failed: 4 } as const
export const answer = { none: 0, yes: 1, no: 2 } as const

/** Even in sync mode a host does not wait for ever. */
const longestMs = 5000
const lookAgainMs = 50
/** How long the other thread may take to abort. */
const graceMs = 500

/** `sync_mode`: holds the calling thread until the event is delivered or can't be. */
export function postAndWait(options: SyncPostOptions): boolean {
  const { post, udpEndpoint, mayBegin, onHeld, mustStop } = options
  // Few hosts want this, and loading it would be a third of the whole library's start.
  const { Worker } = builtin('node:worker_threads')
  const cells = new Int32Array(new SharedArrayBuffer(16))
  const data: SyncPostData = {
    ...post,
    env: { ...post.env },
    udpEndpoint,
    cells,
    timeoutMs: longestMs,
  }
  const worker = new Worker(new URL('sync-post.cjs', import.meta.url), { workerData: data })
  worker.on('error', () => undefined)
  worker.unref()
  const end = steadyMs() + longestMs + graceMs
  let at: number = state.working
  while (at !== state.delivered && at !== state.failed && steadyMs() < end) {
    Atomics.wait(cells, cell.state, state.working, lookAgainMs)
    at = Atomics.load(cells, cell.state)
    if (at === state.askHttp || at === state.askUdp) {
      const may = mayBegin(at === state.askHttp ? 'http' : 'udp')
      Atomics.store(cells, cell.state, state.working)
      Atomics.store(cells, cell.answer, may ? answer.yes : answer.no)
      Atomics.notify(cells, cell.answer)
    } else if (mustStop()) {
      Atomics.store(cells, cell.stop, 1)
    }
  }
  if (Atomics.load(cells, cell.held) === 1) onHeld()
  void worker.terminate()
  return at === state.delivered
}
