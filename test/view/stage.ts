import { type ChildProcess, spawn } from 'node:child_process'
import http from 'node:http'
import { once } from 'node:events'

import type { Home } from '../support/home.ts'
import { cliCommand } from '../support/run.ts'

export interface OpenView {
  /** The address with its token, as it was printed. */
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
  readonly ended: Promise<number | null>
}

/** Runs `view` as a person would who has no browser to be opened. The home ends it with the test. */
export async function openView(home: Home, args: readonly string[] = []): Promise<OpenView> {
  const [program, ...before] = cliCommand
  const child = spawn(program, [...before, 'view', '--no-open', ...args], {
    cwd: home.path,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const url = await new Promise<string>((resolve, reject) => {
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += String(chunk)
      const [line, rest] = out.split('\n')
      if (rest !== undefined && line) resolve(line)
    })
    child.once('close', () => reject(new Error('view ended before it was open')))
  })
  return { url, port: Number(new URL(url).port), process: child, ended }
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export interface Ask {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One request with exactly these headers, as nothing that follows redirects would send it. */
export async function ask(
  port: number,
  { method = 'GET', path, headers = {} }: Ask,
): Promise<Answer> {
  const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: String(Buffer.concat(chunks)),
  }
}

/** Follows the printed address, as a browser does, and brings the cookie along from then on. */
export async function visit({ url, port }: OpenView): Promise<(given: Ask) => Promise<Answer>> {
  const { pathname, search } = new URL(url)
  const first = await ask(port, { path: pathname + search })
  const cookie = String(first.headers['set-cookie']?.[0]).split(';')[0] ?? ''
  return (given) => ask(port, { ...given, headers: { cookie, ...given.headers } })
}

/** What a person reads of a page: no tags, and entities as the characters they stand for. */
export function textOf(page: string): string {
  return page
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
