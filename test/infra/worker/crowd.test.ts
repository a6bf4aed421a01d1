import { once } from 'node:events'
import net, { type Socket } from 'node:net'

import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { finished } from './support/events.ts'
import { buildWorker, run, type Running } from './support/process.ts'
import { requestOf } from './support/requests.ts'
import { startPostHog } from './support/posthog.ts'
import { later } from './support/stage.ts'
import { headOf } from './support/wire.ts'

const mebibyte = 1024 * 1024

let program = ''
beforeAll(() => {
  program = buildWorker()
})

async function start(): Promise<Running> {
  const posthog = await startPostHog(200)
  later(() => posthog.stop())
  return run(program, { POSTHOG_API_KEY: 'phc_test', POSTHOG_HOST: posthog.url })
}

const post = async (url: string, body: string) => (await fetch(requestOf(body, {}, url))).status

async function figuresOf(url: string) {
  const text = await (await fetch(`${url}/metrics`)).text()
  const value = (name: string) =>
    Number(new RegExp(`^telemetry_${name} (\\d+)$`, 'm').exec(text)?.[1])
  return {
    memory: value('memory_bytes'),
    inFlight: value('requests_in_flight'),
    held: value('held_bytes'),
  }
}

async function connectAll(port: number, count: number, text: string): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => net.connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => undefined)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of sockets) if (text !== '') socket.write(text)
  return sockets
}

describe('thousands of idle connections', () => {
  it('take little memory and keep no other sender out', async () => {
    const { url, port, stop } = await start()
    expect(await post(url, finished())).toBe(204)
    const before = await figuresOf(url)
    const body = finished()
    const sockets = (
      await Promise.all([
        connectAll(port, 1500, ''),
        connectAll(port, 750, 'POST /v1/t HTTP/1.1\r\nHost: x\r\nX-Half: '),
        connectAll(port, 750, headOf({ length: body.length }) + body.slice(0, 100)),
      ])
    ).flat()
    await eventually(async () => expect((await figuresOf(url)).held).toBe(750 * 100))
    expect(await post(url, finished())).toBe(204)
    const during = await figuresOf(url)
    expect(during.memory - before.memory).toBeLessThan(100 * mebibyte)
    for (const socket of sockets) socket.destroy()
    await eventually(async () =>
      expect(await figuresOf(url)).toMatchObject({ held: 0, inFlight: 0 }),
    )
    expect(await post(url, finished())).toBe(204)
    await stop()
  })
})

describe('a flood of malformed requests', () => {
  it('is refused and leaks nothing', async () => {
    const { url, stop, said } = await start()
    const deep = `${'{"a":'.repeat(8000)}1${'}'.repeat(8000)}`
    const bodies = [
      '',
      'nonsense',
      deep,
      `{"event_label":"${'x'.repeat(60_000)}"}`,
      '{"event_label":"install_start","event_label":"install_start"}',
      '{"__proto__":{"event_label":"install_start"}}',
      `{"event_label":"runtime.run.finished","cid":"\\ud800","uuid":1e999}`,
      finished().replace('"linux"', '"lunch"'),
      '\u001f\u008b\u0008'.repeat(20_000),
      'x'.repeat(1_500_000),
    ]
    const round = async () => {
      const statuses = await Promise.all(bodies.map((body) => post(url, body)))
      expect(new Set(statuses)).toEqual(new Set([400, 413]))
    }
    for (let times = 0; times < 20; times += 1) await round()
    const { memory } = await figuresOf(url)
    for (let times = 0; times < 60; times += 1) await round()
    const after = await figuresOf(url)
    expect(after).toMatchObject({ held: 0, inFlight: 0 })
    expect(after.memory - memory).toBeLessThan(60 * mebibyte)
    expect(await post(url, finished())).toBe(204)
    expect(said()).not.toContain('"msg":"fault"')
    await stop()
  })
})
