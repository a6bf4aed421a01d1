import { workerData } from 'node:worker_threads'

import { openHttpClient } from '../deliver/http/client.ts'
import { answer, cell, state, type SyncPostData } from '../deliver/sync-post.ts'

/** The other thread of `sync_mode`: sends one event while the host's thread waits. */
const data = workerData as SyncPostData
const { cells, timeoutMs, body, url, udpEndpoint, headers, env } = data

/** Asks the host's thread, which knows the settings, and waits for the answer. */
function mayBegin(question: number): boolean {
  Atomics.store(cells, cell.answer, answer.none)
  Atomics.store(cells, cell.state, question)
  Atomics.notify(cells, cell.state)
  Atomics.wait(cells, cell.answer, answer.none, timeoutMs)
  return Atomics.load(cells, cell.answer) === answer.yes
}

async function sendDatagram(): Promise<void> {
  if (udpEndpoint === '') return
  const { openDatagrams } = await import('../deliver/datagram.ts')
  const { openLookUp } = await import('../deliver/name-lookup.ts')
  const { lookup } = await openLookUp(timeoutMs / 2)
  const datagrams = await openDatagrams(udpEndpoint, lookup)
  await datagrams.send(body, () => mayBegin(state.askUdp))
  if (await datagrams.areHeld()) Atomics.store(cells, cell.held, 1)
  datagrams.close()
}

async function run(): Promise<void> {
  const client = openHttpClient({ endpoint: url, headers, env, timeoutMs, inFlight: 1 })
  const watchdog = setInterval(() => {
    if (Atomics.load(cells, cell.stop) === 1) client.close()
  }, 20)
  const [{ kind }] = await Promise.all([
    client.post(body, () => mayBegin(state.askHttp)),
    sendDatagram().catch(() => undefined),
  ])
  clearInterval(watchdog)
  client.close()
  end(kind === 'delivered' ? state.delivered : state.failed)
}

function end(how: number): void {
  Atomics.store(cells, cell.state, how)
  Atomics.notify(cells, cell.state)
}

run().catch(() => end(state.failed))
