// A client and a worker with one kind of sink; the worker is killed now and then.
import { setTimeout as pause } from 'node:timers/promises'

import { openHome } from '../support/home.js'
import { openWorker } from '../support/worker.js'
import { openClient } from './client.js'

export async function openLane(name, key, settingsOf) {
  const home = openHome(`soak-${name}`, key)
  const worker = openWorker(home, key, settingsOf(home))
  await worker.start()
  await home.cli('endpoint', `${worker.url()}/v1/t`)
  const client = openClient(home)
  const ending = new AbortController()
  const uploading = (async () => {
    while (!ending.signal.aborted) {
      client.record(60)
      await client.upload()
      await pause(50)
    }
  })()
  return {
    home,
    worker,
    client,
    /** Kills the worker and restarts it. */
    strike: async () => {
      await worker.kill()
      await worker.start()
    },
    /** Delivers the rest once the faults have stopped. */
    finish: async (patience) => {
      ending.abort()
      await uploading
      const end = performance.now() + patience
      while (client.waiting() > 0 && performance.now() < end) await client.upload()
    },
    close: async () => {
      ending.abort()
      await uploading.catch(() => undefined)
      await worker.stop()
      home.close()
    },
  }
}
