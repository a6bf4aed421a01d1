import { isLoopback } from './address.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Proxy {
  readonly host: string
  readonly port: number
  /** The way to the proxy itself is TLS. */
  readonly secure: boolean
  readonly authorization: string | undefined
}

export type ProxyRoute =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly proxy: Proxy }
  /** The user asked for a proxy that we can't use. We must not bypass it. */
  | { readonly kind: 'unusable' }

/** How to reach the endpoint, by the same variables that curl and most other tools use. */
export function routeTo(endpoint: URL, env: Environment): ProxyRoute {
  const given = proxyVariable(endpoint, env)
  if (given === undefined || isExcepted(endpoint, anyCase(env, 'no_proxy') ?? '')) return direct
  const proxy = parseProxy(given)
  if (proxy === undefined) return { kind: 'unusable' }
  // Plain http is for this machine only. A proxy elsewhere would see the key, and look for the
  // collector on its own machine.
  if (endpoint.protocol === 'http:' && !isLoopback(proxy.host)) return direct
  return { kind: 'proxy', proxy }
}

/** The port to which connections lead on that way. */
export function portTo(endpoint: string, env: Environment): number | undefined {
  if (!URL.canParse(endpoint)) return undefined
  const route = routeTo(new URL(endpoint), env)
  return route.kind === 'proxy' ? route.proxy.port : portOf(endpoint)
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url)
  return Number(port) || (protocol === 'http:' ? 80 : 443)
}

const direct: ProxyRoute = { kind: 'direct' }

function proxyVariable({ protocol }: URL, env: Environment): string | undefined {
  const all = anyCase(env, 'all_proxy')
  if (protocol === 'https:') return anyCase(env, 'https_proxy') ?? all
  // In a CGI script, HTTP_PROXY is what the visitor sent as the header `Proxy`.
  const upper = isSet(env['REQUEST_METHOD']) ? undefined : env['HTTP_PROXY']
  return [env['http_proxy'], upper].find(isSet) ?? all
}

function anyCase(env: Environment, name: string): string | undefined {
  return [env[name], env[name.toUpperCase()]].find(isSet)
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== ''
}

function parseProxy(text: string): Proxy | undefined {
  const given = text.trim()
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`
  if (!URL.canParse(address)) return undefined
  const { protocol, hostname, port, username, password } = new URL(address)
  const secure = protocol === 'https:'
  if (!secure && protocol !== 'http:') return undefined
  const credentials = `${decode(username)}:${decode(password)}`
  return {
    host: withoutBrackets(hostname),
    port: Number(port || (secure ? 443 : 80)),
    secure,
    authorization:
      credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
  }
}

function isExcepted(endpoint: URL, exceptions: string): boolean {
  const host = normal(endpoint.hostname)
  const port = endpoint.port || (endpoint.protocol === 'https:' ? '443' : '80')
  return exceptions
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry, host, port))
}

/** `*`, a host with its subdomains, or an address. The last two may have a port. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const [, bracketed, named, onlyPort] = /^(?:(\[.*\])|([^:]*))(?::(\d+))?$/.exec(entry) ?? [
    undefined,
    undefined,
    entry,
    undefined,
  ]
  if (onlyPort !== undefined && onlyPort !== port) return false
  const name = normal(bracketed ?? named ?? '').replace(/^\*?\./, '')
  if (host === name) return true
  const isAddress = /^[\d.]+$|:/.test(host)
  return name !== '' && !isAddress && host.endsWith(`.${name}`)
}

function normal(host: string): string {
  return withoutBrackets(host.toLowerCase()).replace(/\.$/, '')
}

export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
