import { fetchHandlerOf } from './http/fetch-handler.ts'
import { openWorker } from './open-worker.ts'
import { readSettings } from './settings.ts'

export interface Handler {
  (request: Request): Promise<Response>
  /** Waits for what is in flight. Call it if you stop the worker before its process ends. */
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
  return Object.assign(fetchHandlerOf(worker), { close: worker.close })
}
