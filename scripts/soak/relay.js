// A slow network in front of a worker: answers come late or never, and bytes can be counted.
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Around the drain of 50 ms, and far beyond it. */
const delays = [0, 0, 20, 45, 50, 55, 70, 200, 1500]

export async function openRelay(target, chance) {
  const open = new Set()
  let delayMs = 0
  let isWell = true
  let isOver = false
  let late = 0

  const server = net.createServer((client) => {
    const upstream = net.connect(target(), '127.0.0.1')
    open.add(client)
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const one of [client, upstream]) one.on('error', end)
    client.on('close', () => {
      open.delete(client)
      end()
    })
    upstream.on('close', end)
    client.on('data', (bytes) => {
      if (isOver) late += 1
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      // The worker has stored it, and the client never hears of it.
      if (!isWell && chance.between(1, 12) === 1) return client.resetAndDestroy()
      setTimeout(() => client.destroyed || client.write(bytes), delayMs)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/v1/t`,
    change: () => {
      isWell = false
      delayMs = chance.one(delays)
    },
    recover: () => {
      isWell = true
      delayMs = 0
    },
    /** From now on each piece of a request is late. What is in the kernel now was sent before. */
    forbid: async () => {
      for (let turn = 0; turn < 50; turn += 1) await nextTurn()
      isOver = true
    },
    allow: () => (isOver = false),
    late: () => late,
    close: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
