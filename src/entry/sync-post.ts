import { workerData } from 'node:worker_threads'

import { openHttpClient } from '../deliver/http/client.ts'
import type { SinglePost } from '../deliver/sync-post.ts'

/** The other thread of `sync_mode`: posts one event while the host's thread waits. */
const { url, headers, env, body, done, timeoutMs } = workerData as SinglePost & {
  readonly done: Int32Array
  readonly timeoutMs: number
}
const client = openHttpClient({ endpoint: url, headers, env, timeoutMs, inFlight: 1 })

async function run(): Promise<void> {
  const { kind } = await client.post(body)
  Atomics.store(done, 0, kind === 'delivered' ? 1 : 2)
  Atomics.notify(done, 0)
  client.close()
}

void run()
