import { describe, expect, it } from 'vitest'

import { type Proxy, routeTo } from '../../src/settings/proxy.ts'

const https = 'https://api.example.com/v1/t'
const http = 'http://127.0.0.1:8080/v1/t'
const proxy: Proxy = { host: 'proxy.test', port: 3128, secure: false, authorization: undefined }
const url = 'http://proxy.test:3128'
const local = 'http://127.0.0.1:3128'
const viaLocal = { kind: 'proxy', proxy: { ...proxy, host: '127.0.0.1' } }
const direct = { kind: 'direct' }

function route(endpoint: string, env: Record<string, string>) {
  return routeTo(new URL(endpoint), env)
}

describe('the proxy', () => {
  it.each([
    [{}],
    [{ HTTPS_PROXY: '', https_proxy: ' ', ALL_PROXY: '' }],
    [{ HTTP_PROXY: url, http_proxy: url }],
  ])('is not used for https with %j', (env) => {
    expect(route(https, env)).toEqual(direct)
  })

  it.each([
    [{ HTTPS_PROXY: url }],
    [{ https_proxy: url, HTTPS_PROXY: 'http://other.test' }],
    [{ https_proxy: '', HTTPS_PROXY: url }],
    [{ ALL_PROXY: url }],
    [{ all_proxy: url, ALL_PROXY: 'http://other.test' }],
    [{ HTTPS_PROXY: url, ALL_PROXY: 'http://other.test' }],
    [{ HTTPS_PROXY: 'proxy.test:3128' }],
    [{ HTTPS_PROXY: ` ${url}/ignored ` }],
  ])('for https is the one that %j names', (env) => {
    expect(route(https, env)).toEqual({ kind: 'proxy', proxy })
  })

  it.each([
    [{ http_proxy: local }],
    [{ HTTP_PROXY: local }],
    [{ ALL_PROXY: local }],
    [{ http_proxy: local, HTTP_PROXY: url, REQUEST_METHOD: 'GET' }],
  ])('for plain http is one on this machine, with %j', (env) => {
    expect(route(http, env)).toEqual(viaLocal)
  })

  it.each([
    ['a visitor of a CGI script may have named it', { HTTP_PROXY: local, REQUEST_METHOD: 'GET' }],
    ['it is elsewhere, where plain text must not go', { HTTP_PROXY: url, ALL_PROXY: url }],
    ['it is for https', { HTTPS_PROXY: local }],
  ])('is not used for plain http if %s', (_, env) => {
    expect(route(http, env)).toEqual(direct)
  })

  it.each([
    ['http://proxy.test', 'proxy.test', 80, false],
    ['https://proxy.test', 'proxy.test', 443, true],
    ['https://proxy.test:8443', 'proxy.test', 8443, true],
    ['http://[::1]:3128', '::1', 3128, false],
    ['HTTP://PROXY.test:1', 'proxy.test', 1, false],
  ])('has the address %s', (address, host, port, secure) => {
    expect(route(https, { HTTPS_PROXY: address })).toMatchObject({ proxy: { host, port, secure } })
  })

  it.each([
    ['http://user:pass@proxy.test', 'user:pass'],
    ['user:pass@proxy.test:80', 'user:pass'],
    ['http://user@proxy.test', 'user:'],
    ['http://us%40er:p%3Aa%2Fss@proxy.test', 'us@er:p:a/ss'],
    ['http://user:100%@proxy.test', 'user:100%'],
  ])('gets the credentials in %s', (address, credentials) => {
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    expect(route(https, { HTTPS_PROXY: address })).toMatchObject({ proxy: { authorization } })
  })

  it.each([
    'socks5://proxy.test:1080',
    'ftp://proxy.test',
    'http://',
    'http://pro xy',
    'http://proxy.test:99999',
  ])('cannot be %s, and the post then fails', (address) => {
    expect(route(https, { ALL_PROXY: address })).toEqual({ kind: 'unusable' })
  })
})

describe('no proxy', () => {
  it.each([
    [https, '*'],
    [https, 'api.example.com'],
    [https, 'API.Example.COM'],
    [https, 'api.example.com.'],
    [https, 'example.com'],
    [https, '.example.com'],
    [https, '*.example.com'],
    [https, 'com'],
    [https, 'other.test, example.com'],
    [https, 'other.test example.com'],
    [https, ',,example.com,'],
    [https, 'example.com:443'],
    ['https://api.example.com:8443/', 'example.com:8443'],
    ['https://api.example.com./', 'example.com'],
    ['https://127.0.0.1:8443/', '127.0.0.1'],
    ['https://127.0.0.1:8443/', '127.0.0.1:8443'],
    ['https://[::1]:8443/', '::1'],
    ['https://[::1]:8443/', '[::1]'],
    ['https://[::1]:8443/', '[::1]:8443'],
    ['https://localhost/', 'localhost'],
  ])('for %s with %j', (endpoint, except) => {
    expect(route(endpoint, { HTTPS_PROXY: url, NO_PROXY: except })).toEqual(direct)
    expect(route(endpoint, { ALL_PROXY: url, no_proxy: except, NO_PROXY: 'other.test' })).toEqual(
      direct,
    )
    expect(route(endpoint, { ALL_PROXY: 'socks5://x', no_proxy: except })).toEqual(direct)
  })

  it.each([
    [https, ''],
    [https, 'ample.com'],
    [https, 'www.api.example.com'],
    [https, 'example.com.evil.test'],
    [https, 'example.com:8443'],
    [https, '.'],
    [https, '*.'],
    [https, 'example.*'],
    [https, 'exampleXcom'],
    ['https://127.0.0.1/', '0.0.1'],
    ['https://127.0.0.1/', 'localhost'],
    ['https://[::1]:8443/', '[::1]:443'],
  ])('is still used for %s with %j', (endpoint, except) => {
    expect(route(endpoint, { HTTPS_PROXY: url, NO_PROXY: except })).toEqual({
      kind: 'proxy',
      proxy,
    })
  })
})
