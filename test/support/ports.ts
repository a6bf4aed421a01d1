import { once } from 'node:events'
import http from 'node:http'

import { listen } from './collector.ts'

/**
 * Below what the kernel hands out by itself. One of those could be anybody's by the time that its
 * owner listens, or comes back to it; and each process that runs tests has a part of its own.
 */
const lowest = 10_000
const parts = 16
const part = (32_000 - lowest) / parts

const first = lowest + (Number(process.env['VITEST_POOL_ID'] ?? 0) % parts) * part
let next = Math.floor(Math.random() * part)

/** TCP ports of this machine that are free, and that nobody else gets by chance. */
export async function ownPorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = first + (next++ % part)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const server = http.createServer()
  try {
    await listen(server, port)
  } catch {
    return false
  }
  await once(server.close(), 'close')
  return true
}
