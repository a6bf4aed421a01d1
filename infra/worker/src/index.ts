import { appOf } from './app.ts'
import { readSettings } from './settings.ts'
import { openWorker } from './open-worker.ts'

/**
 * The worker without a server of its own. As a route of a Next.js site (`app/api/telemetry/route.ts`):
 *
 *     const worker = openHandler(process.env)
 *     export const POST = async (request: Request) => (await worker)(request)
 *     export const OPTIONS = POST
 */
export async function openHandler(
  env: Readonly<Record<string, string | undefined>>,
): Promise<(request: Request) => Response | Promise<Response>> {
  return appOf(await openWorker(readSettings(env))).fetch
}
