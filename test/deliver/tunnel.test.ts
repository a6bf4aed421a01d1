import { beforeAll, describe, expect, it } from 'vitest'

import type { FailureReason } from '../../src/deliver/http/outcome.ts'
import { type ProxyOptions, startProxy, type TestProxy } from '../support/proxy.ts'
import { type Certificates, makeCertificates } from '../support/tls.ts'
import { outcomesInChild } from './child.ts'
import { cleanUpLater, forNow, key, posterTo, stage } from './stage.ts'

const body = '{"event_label":"secret of the tunnel"}'
const delivered = { kind: 'delivered' }
const remote = 'https://collector.invalid/v1/t'
let tls: Certificates
let trust: { NODE_EXTRA_CA_CERTS: string }

beforeAll(async () => {
  tls = await makeCertificates({ names: ['localhost', 'collector.invalid'] })
  trust = { NODE_EXTRA_CA_CERTS: tls.caFile }
  cleanUpLater(tls.remove)
})

describe.concurrent('a tunnel', () => {
  it('is all that the proxy sees', async () => {
    const { collector } = await stage(204, { tls })
    const proxy = await aProxy()
    // Only the proxy can resolve this name, so it was not looked up here.
    const endpoint = `https://collector.invalid:${collector.port}/v1/t`
    const env = { ...trust, HTTPS_PROXY: proxy.url }
    expect(await outcomesInChild(endpoint, env, { bodies: [body, body, body] })).toEqual([
      delivered,
      delivered,
      delivered,
    ])
    const target = `collector.invalid:${collector.port}`
    expect(proxy.seen).toEqual([
      { method: 'CONNECT', target, headers: { host: target, connection: 'keep-alive' } },
    ])
    const overheard = proxy.overheard().toString('latin1')
    expect(overheard.length).toBeGreaterThan(body.length)
    expect(overheard).not.toContain(key)
    expect(overheard).not.toContain('secret')
    expect(collector.events.map(({ text }) => text)).toEqual([body, body, body])
    expect(collector.events[0]?.headers).toMatchObject({ host: target, 'x-key': key })
    expect(collector.events[0]?.headers).not.toHaveProperty('proxy-authorization')
  })

  it('opens with the right credentials, which the collector does not see', async () => {
    const { collector } = await stage(204, { tls })
    const proxy = await aProxy({ credentials: 'us er:p@ss' })
    const address = proxy.url.replace('://', '://us%20er:p%40ss@')
    const env = { ...trust, https_proxy: address }
    expect(await outcomesInChild(collector.url, env)).toEqual([delivered])
    expect(collector.events[0]?.headers).not.toHaveProperty('proxy-authorization')
  })

  it('works through a proxy that uses TLS itself', async () => {
    const { collector } = await stage(204, { tls })
    const proxy = await aProxy({ tls })
    const env = { ...trust, ALL_PROXY: proxy.url }
    expect(await outcomesInChild(collector.url, env, { bodies: [body, body] })).toEqual([
      delivered,
      delivered,
    ])
    expect(proxy.seen).toHaveLength(1)
  })

  it('is not used if NO_PROXY lists the collector', async () => {
    const { collector } = await stage(204, { tls })
    const proxy = await aProxy()
    const env = { ...trust, HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' }
    expect(await outcomesInChild(collector.url, env)).toEqual([delivered])
    expect(proxy.seen).toEqual([])
  })

  it('does not replace the check of the collector’s certificate', async () => {
    const { collector } = await stage(204, { tls })
    const proxy = await aProxy()
    const { post } = posterTo(collector.url, { env: { HTTPS_PROXY: proxy.url } })
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'certificate' })
    const secure = await aProxy({ tls })
    const other = posterTo(collector.url, { env: { HTTPS_PROXY: secure.url } })
    expect(await other.post(body)).toEqual({ kind: 'failed', reason: 'certificate' })
    expect([collector.requests, secure.seen]).toEqual([0, []])
  })

  const refusals: [string, FailureReason, ProxyOptions][] = [
    ['wants credentials', 'proxy authentication', { credentials: 'user:password' }],
    ['says no', 'proxy refused', { tunnels: { raw: 'HTTP/1.1 403 Forbidden\r\n\r\n' } }],
    ['fails', 'proxy refused', { tunnels: { raw: 'HTTP/1.1 502 Bad Gateway\r\n\r\n' } }],
    ['speaks first', 'proxy refused', { tunnels: { raw: 'HTTP/1.1 200 OK\r\n\r\nhello' } }],
    ['is none', 'proxy unreachable', { tunnels: { raw: 'SSH-2.0-OpenSSH_9.9\r\n' } }],
    ['hangs up', 'proxy unreachable', { tunnels: 'close' }],
    ['hangs', 'timeout', { tunnels: 'hang' }],
    ['hangs halfway', 'timeout', { tunnels: { raw: 'HTTP/1.1 200 O', open: true } }],
  ]
  it.each(refusals)('fails when the proxy %s: %s', async (_, reason, options) => {
    const proxy = await aProxy(options)
    const env = { HTTPS_PROXY: proxy.url }
    const { post } = posterTo(remote, { env, ...(reason === 'timeout' && { timeoutMs: 600 }) })
    expect(await post(body)).toEqual({ kind: 'failed', reason })
    expect(await post(body)).toEqual({ kind: 'failed', reason })
    expect(proxy.seen).toHaveLength(2)
  })

  it('fails if the proxy is missing or can’t be used', async () => {
    const { collector } = await stage()
    const gone = await aProxy()
    await gone.stop()
    const reasonWith = async (address: string) =>
      await posterTo(collector.url.replace('http:', 'https:'), {
        env: { HTTPS_PROXY: address },
      }).post(body)
    const unreachable = { kind: 'failed', reason: 'proxy unreachable' }
    expect(await reasonWith(gone.url)).toEqual(unreachable)
    expect(await reasonWith('http://proxy.invalid:3128')).toEqual(unreachable)
    const unusable = { kind: 'failed', reason: 'proxy unusable' }
    expect(await reasonWith('socks5://127.0.0.1:1080')).toEqual(unusable)
    expect(collector.connections).toBe(0)
  })
})

describe.concurrent('plain http through a proxy on this machine', () => {
  it('requests the whole address and keeps the connection', async () => {
    const proxy = await aProxy({ credentials: 'user:password' })
    const env = { http_proxy: proxy.url.replace('://', '://user:password@') }
    const { collector, post } = await stage(204, { env })
    expect([await post(body), await post(body)]).toEqual([delivered, delivered])
    expect(proxy.seen.map(({ method, target }) => [method, target])).toEqual([
      ['POST', collector.url],
      ['POST', collector.url],
    ])
    expect(collector.events[0]).toMatchObject({ text: body, headers: { 'x-key': key } })
    expect(collector.events[0]?.headers.host).toBe(`127.0.0.1:${collector.port}`)
  })

  it('finds the proxy by its host name', async () => {
    const own = await makeCertificates({ names: [] })
    cleanUpLater(own.remove)
    const { collector } = await stage()
    const proxy = await aProxy({ tls: own })
    const env = { NODE_EXTRA_CA_CERTS: own.caFile, http_proxy: proxy.url }
    const endpoint = collector.url.replace('127.0.0.1', 'localhost')
    expect(await outcomesInChild(endpoint, env)).toEqual([delivered])
    expect(proxy.seen.map(({ target }) => target)).toEqual([endpoint])
  })

  it('bypasses the proxy if NO_PROXY lists the collector', async () => {
    const proxy = await aProxy()
    const { post } = await stage(204, { env: { http_proxy: proxy.url, no_proxy: '127.0.0.1' } })
    expect(await post(body)).toEqual(delivered)
    expect(proxy.seen).toEqual([])
  })
})

async function aProxy(options?: ProxyOptions): Promise<TestProxy> {
  return forNow(await startProxy(options))
}
