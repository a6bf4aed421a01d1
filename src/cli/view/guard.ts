import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'

/** The address opens the page once. From then on only that browser may see it. */
export interface Guard {
  /** May this request pass? `letIn` comes with the cookie for the browser that brought the token. */
  readonly judge: (request: IncomingMessage) => Judgement
}

export type Judgement =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'let in'; readonly cookie: string }
  | { readonly kind: 'pass' }

export interface Secrets {
  /** In the address that is printed; good for one visit. */
  readonly token: string
  /** In the cookie that the visit is answered with. */
  readonly session: string
}

export function guardFor(port: number, { token, session }: Secrets): Guard {
  const host = `127.0.0.1:${port}`
  // Cookies don't tell ports apart; two views in one browser would overwrite each other's.
  const name = `telemetry-view-${port}`
  let isTokenUnused = true
  return {
    judge: (request) => {
      // A page elsewhere can have its own name resolve to this machine, but it can't lie about it.
      if (request.headers.host !== host || !isFromHere(request, host)) return refuse
      if (!isOwnUser(request)) return refuse
      if (cookieOf(request, name) === session) return { kind: 'pass' }
      const isInvited = request.method === 'GET' && isTokenUnused && tokenIn(request.url) === token
      if (!isInvited) return refuse
      isTokenUnused = false
      return {
        kind: 'let in',
        cookie: `${name}=${session}; HttpOnly; SameSite=Strict; Path=/`,
      }
    },
  }
}

const refuse: Judgement = { kind: 'refuse' }

/** Reading is safe from anywhere, for the cookie does not travel; changing is not. */
function isFromHere({ method, headers }: IncomingMessage, host: string): boolean {
  if (method === 'GET' || method === 'HEAD') return true
  const { origin } = headers
  const site = headers['sec-fetch-site']
  return (
    (origin === undefined || origin === `http://${host}`) &&
    (site === undefined || site === 'same-origin')
  )
}

function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  const cookies = (headers.cookie ?? '').split(';').map((one) => one.trim())
  return cookies.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
}

function tokenIn(url: string | undefined): string | null {
  return new URLSearchParams(url?.split('?')[1] ?? '').get('token')
}

/**
 * Other users of the machine can read the address on the command line of the browser that we start, and
 * the browser shows its cookie to every port of 127.0.0.1, also to one on which another user listens.
 * Linux tells whose connection it is; elsewhere only the token and the cookie count.
 */
function isOwnUser({ socket }: IncomingMessage): boolean {
  const own = process.getuid?.()
  if (own === undefined || socket.remotePort === undefined) return true
  const local = hexAddress(socket.remotePort)
  const remote = hexAddress(socket.localPort ?? 0)
  try {
    const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n')
    const columns = lines
      .map((line) => line.trim().split(/\s+/))
      .find(([, from, to]) => from === local && to === remote)
    const uid = columns?.[7]
    return uid === undefined || Number(uid) === own || own === 0
  } catch {
    return true
  }
}

/** 127.0.0.1 and a port, as the kernel's table spells them. */
function hexAddress(port: number): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
}
