import { type Answer, refuse } from '../intake/answer.ts'
import type { Worker } from '../worker.ts'
import { type Allowance, allowanceFor } from './body.ts'
import { addressOf } from './client-address.ts'
import { openTo, permissionFor } from './cors.ts'
import { debugTagAt, pageAt, pathOf, type Route } from './routes.ts'

/** A request, whether it came from Node's server or from a framework that speaks `fetch`. */
export interface Incoming {
  readonly method: string
  /** Path and query, or an absolute address. */
  readonly url: string
  readonly header: (name: string) => string | undefined
  /** The address at the other end of the connection, if known. */
  readonly peer: string | undefined
  /** The body is charged to the budget until the caller gives it back. Undefined: the sender is gone. */
  readonly readBody: (
    allowance: Allowance,
  ) => Buffer | Answer | Promise<Buffer | Answer | undefined>
}

export interface Outgoing {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Answers every request. Never rejects. Undefined: the sender is gone. */
export async function answerRequest(
  worker: Worker,
  incoming: Incoming,
): Promise<Outgoing | undefined> {
  const { method, header } = incoming
  const path = pathOf(incoming.url)
  const route = worker.routes.get(path)
  const cors = route !== undefined && method === 'POST' ? openTo(header('origin')) : {}
  try {
    if (route === undefined) {
      return (
        answerDebug(worker, method, path, header('x-telemetry-key')) ??
        (await answerPage(worker, method, path))
      )
    }
    if (method === 'POST') {
      const answer = await answerPost(worker, route, incoming)
      return answer && noted(worker, answer, cors)
    }
    return method === 'OPTIONS'
      ? { status: 204, headers: permissionFor(header('origin')), text: '' }
      : noted(worker, { ...wrongMethod, allow: 'OPTIONS, POST' })
  } catch (error) {
    worker.log.fault(error)
    return noted(worker, refuse('fault', 'this is our fault'), cors)
  }
}

async function answerPost(
  worker: Worker,
  route: Route,
  { header, peer, readBody }: Incoming,
): Promise<Answer | undefined> {
  const { intake, memoryBudgets, metrics, settings } = worker
  const { kinds, read, isKeyless } = route
  const admission = intake.admit({
    contentType: header('content-type'),
    contentEncoding: header('content-encoding'),
    contentLength: header('content-length'),
    key: header('x-telemetry-key'),
    debugTag: header('x-debug-tag') || undefined,
    address: () => addressOf(peer, header('x-forwarded-for'), settings.trustProxy),
    kinds,
    read,
    isKeyless,
  })
  if ('status' in admission) return admission
  metrics.requestsInFlight += 1
  try {
    const allowance = allowanceFor(admission.take !== undefined, admission.maxBytes, memoryBudgets)
    const reading = readBody(allowance)
    const body = reading instanceof Promise ? await reading : reading
    if (!Buffer.isBuffer(body)) return body
    try {
      return await intake.accept(admission, body)
    } finally {
      allowance.budget.give(body.length)
    }
  } finally {
    metrics.requestsInFlight -= 1
  }
}

/** What arrived under a debug tag. Undefined: the path is another, or there are no tags here. */
function answerDebug(
  worker: Worker,
  method: string,
  path: string,
  key: string | undefined,
): Outgoing | undefined {
  const { debug } = worker
  const tag = debugTagAt(path)
  if (debug === undefined || tag === undefined) return undefined
  if (method !== 'GET' && method !== 'HEAD') {
    return noted(worker, { ...wrongMethod, allow: 'GET, HEAD' })
  }
  const standing = debug.checkKey(key)
  if (standing !== 'right' && standing !== 'open') return noted(worker, needsKey)
  const page = jsonPage(200, { tag, events: debug.tags.under(tag) })
  return { ...page, headers: { ...page.headers, 'Cache-Control': 'no-store' } }
}

/** The pages for operators and load balancers. */
async function answerPage(worker: Worker, method: string, path: string): Promise<Outgoing> {
  const page = pageAt(path)
  if (page === undefined) return noted(worker, refuse('route', 'there is nothing at this address'))
  if (method !== 'GET' && method !== 'HEAD') {
    return noted(worker, { ...wrongMethod, allow: 'GET, HEAD' })
  }
  switch (page) {
    case 'health':
      return jsonPage(200, { healthy: true })
    case 'readiness': {
      const trouble = await worker.readiness()
      return trouble === undefined
        ? jsonPage(200, { ready: true })
        : jsonPage(503, { ready: false, trouble })
    }
    case 'metrics':
      return {
        status: 200,
        headers: { 'Content-Type': 'text/plain; charset=UTF-8' },
        text: await worker.figures(),
      }
  }
}

const needsKey = refuse('key', 'to see a debug tag, send a key in x-telemetry-key')
const wrongMethod = refuse('method', 'this address does not know that method')

function jsonPage(status: number, page: object): Outgoing {
  return { status, headers: { 'Content-Type': 'application/json' }, text: JSON.stringify(page) }
}

function noted(
  { intake }: Worker,
  answer: Answer,
  headers: Readonly<Record<string, string>> = {},
): Outgoing {
  intake.note(answer)
  return outgoingOf(answer, headers)
}

export function outgoingOf(
  { status, body, retryAfter, allow }: Answer,
  headers: Readonly<Record<string, string>> = {},
): Outgoing {
  // Nearly all answers, and each spread takes V8 a while.
  if (status === 204) return { status, headers, text: '' }
  return {
    status,
    headers: {
      ...headers,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
      ...(allow !== undefined && { Allow: allow }),
    },
    text: body === undefined ? '' : `${JSON.stringify(body)}\n`,
  }
}
