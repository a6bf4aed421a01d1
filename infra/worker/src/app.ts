import { Hono } from 'hono'

import { type Answer, refuse } from './answer.ts'
import { bodyOf } from './body.ts'
import { openTo, permissionFor } from './cors.ts'
import type { Head } from './intake.ts'
import { addressOf } from './rate-limit.ts'
import { ingestPaths, type Route, routeOf } from './routes.ts'
import type { Worker } from './worker.ts'

/**
 * The worker as a plain function from Request to Response, which runs wherever such functions do:
 * behind our own server, or as a route of a Next.js site.
 */
export function appOf(worker: Worker): Hono {
  const { intake, log } = worker
  const app = new Hono()

  for (const path of ingestPaths) {
    const route = routeOf(path) as Route
    app.post(path, async ({ req }) => {
      const answer = await ingest(worker, headOf(req.raw, route, worker), req.raw)
      intake.note(answer)
      const response = responseTo(answer)
      for (const [name, value] of openTo(req.header('Origin'))) response.headers.set(name, value)
      return response
    })
    app.options(
      path,
      ({ req }) =>
        new Response(null, { status: 204, headers: permissionFor(req.header('Origin')) }),
    )
  }
  app.get('/healthz', (c) => c.json({ healthy: true }))
  app.get('/readyz', async (c) => {
    const trouble = await worker.readiness()
    return trouble === undefined ? c.json({ ready: true }) : c.json({ ready: false, trouble }, 503)
  })
  app.get('/metrics', async (c) => c.text(await worker.figures()))

  const refused = (answer: Answer): Response => {
    intake.note(answer)
    return responseTo(answer)
  }
  for (const path of ingestPaths)
    app.all(path, () => refused({ ...wrongMethod, allow: 'OPTIONS, POST' }))
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    app.all(path, () => refused({ ...wrongMethod, allow: 'GET, HEAD' }))
  }
  app.notFound(() => refused(refuse('route', 'there is nothing at this address')))
  app.onError((error) => {
    log.fault(error)
    return refused(refuse('fault', 'this is our fault'))
  })
  return app
}

const wrongMethod = refuse('method', 'this address does not know that method')

async function ingest(worker: Worker, head: Head, request: Request): Promise<Answer> {
  const { intake, held, settings } = worker
  const admission = intake.admit(head)
  if ('status' in admission) return admission
  const body = await bodyOf(request, settings.maxBodyBytes, held)
  if (!Buffer.isBuffer(body)) return body
  try {
    return await intake.accept(admission, body)
  } finally {
    held.give(body.length)
  }
}

function headOf({ headers }: Request, route: Route, { settings }: Worker): Head {
  const header = (name: string) => headers.get(name) ?? undefined
  return {
    route,
    contentType: header('content-type'),
    contentEncoding: header('content-encoding'),
    contentLength: header('content-length'),
    key: header('x-telemetry-key'),
    address: () => addressOf(undefined, header('x-forwarded-for'), settings.trustProxy),
  }
}

function responseTo({ status, body, retryAfter, allow }: Answer): Response {
  const headers = new Headers()
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  if (retryAfter !== undefined) headers.set('Retry-After', String(retryAfter))
  if (allow !== undefined) headers.set('Allow', allow)
  return new Response(body === undefined ? null : `${JSON.stringify(body)}\n`, { status, headers })
}
