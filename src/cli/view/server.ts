import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { disable } from '../commands/disable.ts'
import { enable } from '../commands/enable.ts'
import { forget } from '../commands/forget.ts'
import { knownPlaces } from '../erasure-places.ts'
import { CliError } from '../error.ts'
import { type Invocation, reassessed } from '../invocation.ts'
import { guardFor } from './guard.ts'
import type { Erased } from './leaving.ts'
import { html } from './markup.ts'
import { openLive } from './live.ts'
import { page, type PageOptions } from './page.ts'
import { type PageRequest, takeSnapshot } from './snapshot.ts'

export interface View {
  readonly url: string
  /** Settles when the page has been gone for a while. */
  readonly left: Promise<void>
  readonly close: () => void
}

/** How long a closed page may take to come back, and how long the first visit may be awaited. */
const patience = { reloadMs: 10_000, idleMs: 15 * 60 * 1000 } as const

/** Serves the page to one browser on this machine. Rejects where the port can't be had. */
export async function openView(invocation: Invocation, port: number): Promise<View> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer({ keepAliveTimeout: 2000 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  const guard = guardFor(taken, { token, session: randomBytes(24).toString('base64url') })
  let erased: Erased | undefined
  const live = openLive(invocation, () => erased)
  const leave = leaving()

  server.on('request', (request, response) => {
    const judgement = guard.judge(request)
    if (judgement.kind === 'refuse') return send(response, 403, refusal)
    leave.stay(live.watching() > 0 ? Infinity : patience.idleMs)
    if (judgement.kind === 'let in') {
      return void response
        .writeHead(303, { ...safe, 'set-cookie': judgement.cookie, location: '/' })
        .end()
    }
    answer(request, response).catch(() => response.destroy())
  })

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const act = request.method === 'POST' ? actions[url.pathname] : undefined
    if (act !== undefined) {
      request.resume()
      const before = reassessed(invocation)
      const everywhere = knownPlaces(before.context).elsewhere.size === 0
      const { problem, said } = await quietly(before, act)
      if (problem !== undefined) return show(url, response, problem)
      erased = act === actions['/forget'] ? { said, everywhere } : undefined
      return void response.writeHead(303, { ...safe, location: '/' }).end()
    }
    if (request.method !== 'GET')
      return send(response, 405, html`Only GET, and the form's POST.`.text)
    if (url.pathname === '/events') {
      leave.stay(Infinity)
      live.follow(response, requestOf(url))
      response.once('close', () => {
        if (live.watching() === 0) leave.stay(patience.reloadMs)
      })
      return
    }
    if (url.pathname !== '/') return send(response, 404, html`No such page.`.text)
    show(url, response)
  }

  const show = (url: URL, response: ServerResponse, problem?: CliError): void => {
    const now = reassessed(invocation)
    const nonce = randomBytes(16).toString('base64')
    const options: PageOptions = {
      nonce,
      isStatic: false,
      problem: problem && problemText(problem),
      erased,
    }
    const policy =
      `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src data:; ` +
      "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    response.setHeader('content-security-policy', policy)
    send(response, problem ? 500 : 200, page(now, takeSnapshot(now, requestOf(url)), options))
  }

  return {
    url: `http://127.0.0.1:${taken}/?token=${token}`,
    left: leave.left,
    close: () => {
      leave.stay(Infinity)
      live.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

type Action = (invocation: Invocation) => void | Promise<void>

const actions: Readonly<Record<string, Action>> = {
  '/disable': (invocation) => disable(invocation, {}),
  '/forget': (invocation) => forget(invocation, { yes: true }),
  '/enable': (invocation) => enable(invocation, {}),
}

/** Does what a command does, and keeps what it says. */
async function quietly(
  invocation: Invocation,
  act: Action,
): Promise<{ readonly problem?: CliError; readonly said: readonly string[] }> {
  let said = ''
  const io = {
    ...invocation.io,
    out: (text: string) => void (said += text),
    err: () => undefined,
    outIsTerminal: false,
    inIsTerminal: () => false,
  }
  try {
    await act({ ...invocation, io })
    return { said: said.trimEnd().split('\n') }
  } catch (error) {
    const problem = error instanceof CliError ? error : new CliError(String(error))
    return { problem, said: [] }
  }
}

/** What a command says of itself is a button on the page. */
function problemText({ message, hint = '' }: CliError): string {
  const hints = hint.split('\n').filter((line) => !line.startsWith('Try again: '))
  return [message, ...hints].join(' ').trim()
}

function requestOf({ searchParams }: URL): PageRequest {
  const pageIn = (name: string) => {
    const number = Number(searchParams.get(name))
    return Number.isSafeInteger(number) && number > 0 ? number : 1
  }
  return {
    waiting: pageIn('waiting'),
    sent: pageIn('sent'),
    event: searchParams.get('event') ?? undefined,
    isAgain: searchParams.has('again'),
  }
}

const safe = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Not no-referrer: the form's Origin would be null then.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

const refusal = html`<!doctype html>
  <title>Not for this browser</title>
  <p>
    This page opens with the address that the command printed, once, and in one browser. Run the
    command again for a new address.
  </p>`.text

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { ...safe, 'content-type': 'text/html; charset=utf-8' }).end(body)
}

/** A timer that runs out when no tab has been open for long enough. */
function leaving() {
  let timer: NodeJS.Timeout | undefined
  let leave = (): void => undefined
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  const stay = (milliseconds: number): void => {
    clearTimeout(timer)
    if (Number.isFinite(milliseconds)) timer = setTimeout(leave, milliseconds)
  }
  stay(patience.idleMs)
  return { left, stay }
}
