import { appOf } from './app.ts'
import { openWorker } from './open-worker.ts'
import { readSettings } from './settings.ts'

export interface Handler {
  (request: Request): Response | Promise<Response>
  /** Waits for what is under way; for whoever ends before their process does. */
  readonly close: () => Promise<void>
}

/**
 * The worker without a server of its own. As a route of a Next.js site (`app/api/telemetry/route.ts`):
 *
 *     const worker = openHandler(process.env)
 *     export const POST = async (request: Request) => (await worker)(request)
 *     export const OPTIONS = POST
 */
export async function openHandler(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Handler> {
  const worker = await openWorker(readSettings(env))
  const { fetch } = appOf(worker)
  return Object.assign((request: Request) => fetch(request), { close: worker.close })
}
