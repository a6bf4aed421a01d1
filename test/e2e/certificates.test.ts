import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Collector, startCollector } from '../support/collector.ts'
import { fillQueue } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { cli } from '../support/run.ts'
import { type Certificates, makeCertificates } from '../support/tls.ts'

let tls: Certificates
let collector: Collector
let proxies: readonly TestProxy[]

beforeAll(async () => {
  tls = await makeCertificates()
  collector = await startCollector({ tls })
  proxies = await Promise.all([startProxy(), startProxy({ tls })])
})

afterAll(async () => {
  await collector.stop()
  await Promise.all(proxies.map((proxy) => proxy.stop()))
  tls.remove()
})

function waiting(): Home {
  const home = tempHome()
  home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
  fillQueue(home, 3)
  return home
}

async function upload(env: Readonly<Record<string, string>>) {
  const { code, out } = await cli(waiting(), ['upload', '--json'], { env })
  return { code, ...(JSON.parse(out) as { delivered: number; kept: number; reason: string }) }
}

describe('an upload to a collector with a private certificate', () => {
  it.concurrent('arrives if NODE_EXTRA_CA_CERTS contains its authority', async () => {
    const ended = await upload({ NODE_EXTRA_CA_CERTS: tls.caFile })
    expect(ended).toMatchObject({ code: 0, delivered: 3, kept: 0, reason: null })
  })

  it.concurrent.each([{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }])(
    'is kept if the authority is unknown: %j',
    async (env) => {
      expect(await upload(env)).toMatchObject({
        code: 1,
        delivered: 0,
        kept: 3,
        reason: expect.stringContaining('certificate'),
      })
    },
  )

  it.concurrent.each([0, 1])('arrives through a tunnel (%i)', async (index) => {
    const proxy = proxies[index] as TestProxy
    const env = { NODE_EXTRA_CA_CERTS: tls.caFile, HTTPS_PROXY: proxy.url }
    expect(await upload(env)).toMatchObject({ code: 0, delivered: 3, kept: 0 })
    expect(proxy.seen[0]).toMatchObject({
      method: 'CONNECT',
      target: `127.0.0.1:${collector.port}`,
    })
  })

  it.concurrent('bypasses the proxy if NO_PROXY lists the collector', async () => {
    const gone = 'http://127.0.0.1:9'
    const direct = { NODE_EXTRA_CA_CERTS: tls.caFile, HTTPS_PROXY: gone, NO_PROXY: '127.0.0.1' }
    expect(await upload(direct)).toMatchObject({ delivered: 3 })
    expect(await upload({ ...direct, NO_PROXY: '' })).toMatchObject({ delivered: 0, kept: 3 })
  })
})
