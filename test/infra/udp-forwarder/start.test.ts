import { connect } from 'node:net'
import { once } from 'node:events'

import { describe, expect, it } from 'vitest'

import { openStage } from './stage.ts'

const stage = openStage()

describe('the forwarder at its start', () => {
  it('names every fault in one error, without the key', async () => {
    const { code, err } = await stage.failing({
      UDP_PORT: '70000',
      HEALTH_PORT: 'x',
      TELEMETRY_HTTP_ENDPOINT: 'ftp://example.invalid',
      TELEMETRY_INGESTION_KEY: 'two keys',
      FORWARDER_CONCURRENCY: '0',
      FORWARDER_BATCH_EVENTS: '1001',
    })
    expect(code).toBe(1)
    const names = [...err.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name)
    expect(names).toEqual([
      'UDP_PORT',
      'HEALTH_PORT',
      'TELEMETRY_HTTP_ENDPOINT',
      'TELEMETRY_INGESTION_KEY',
      'FORWARDER_CONCURRENCY',
      'FORWARDER_BATCH_EVENTS',
    ])
    expect(err).not.toContain('two keys')
  })

  it.each(['UDP_PORT', 'HEALTH_PORT'])(
    'fails if %s is taken, and says which port it is',
    async (name) => {
      const worker = await stage.collector()
      const other = await stage.forwarder(worker.url)
      const taken = name === 'UDP_PORT' ? other.port : Number(new URL(other.health).port)
      const { code, out } = await stage.failing({
        TELEMETRY_HTTP_ENDPOINT: worker.url,
        [name]: String(taken),
      })
      expect(code).toBe(1)
      expect(JSON.parse(out)).toMatchObject({
        msg: 'cannot start',
        code: 'EADDRINUSE',
        port: taken,
      })
    },
  )

  it('warns when the kernel grants a smaller buffer', async () => {
    const worker = await stage.collector()
    const asked = 512 * 1024 * 1024
    const forwarder = await stage.forwarder(worker.url, {
      FORWARDER_RECEIVE_BUFFER_BYTES: String(asked),
    })
    await expect
      .poll(() => forwarder.log.find(({ level }) => level === 40))
      .toMatchObject({ asked, hint: `sysctl -w net.core.rmem_max=${asked}` })
  })
})

describe('the health port', () => {
  it('accepts a TCP check that sends nothing', async () => {
    const worker = await stage.collector()
    const { health } = await stage.forwarder(worker.url)
    for (const host of ['127.0.0.1', '::1']) {
      const socket = connect(Number(new URL(health).port), host)
      await once(socket, 'connect')
      socket.destroy()
    }
    expect((await fetch(`${health}/healthz`)).status).toBe(200)
  })

  it('serves its pages and no others', async () => {
    const worker = await stage.collector()
    const { health } = await stage.forwarder(worker.url)
    const status = async (page: string, method = 'GET') =>
      (await fetch(`${health}${page}`, { method })).status
    expect(await status('/readyz')).toBe(200)
    expect(await status('/')).toBe(404)
    expect(await status('/metrics', 'POST')).toBe(405)
    const metrics = await fetch(`${health}/metrics`)
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of (await metrics.text()).trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) telemetry_forwarder_\w+ .+|telemetry_forwarder_\w+(\{\w+="[\w -]+"\})? \d+)$/,
      )
    }
  })
})
