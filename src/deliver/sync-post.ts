import { createRequire } from 'node:module'
import type WorkerThreads from 'node:worker_threads'

export interface SinglePost {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** Also where somebody asked for it, a host does not wait for ever. */
const longestMs = 5000

/** `sync_mode`: holds the calling thread until the event is delivered or is not. */
export function postAndWait(post: SinglePost): boolean {
  // Few hosts want this, and to load what it takes would be a third of the whole library's start.
  const { Worker } = createRequire(import.meta.url)('node:worker_threads') as typeof WorkerThreads
  const done = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('sync-post.cjs', import.meta.url), {
    workerData: { ...post, env: { ...post.env }, done, timeoutMs: longestMs },
  })
  worker.on('error', () => undefined)
  worker.unref()
  Atomics.wait(done, 0, 0, longestMs)
  void worker.terminate()
  return done[0] === 1
}
