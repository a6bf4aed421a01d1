import { expect } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { type PostHog, type Rule, startPostHog } from '../worker/support/posthog.ts'
import { buildWorker, run, type Running } from '../worker/support/process.ts'
import { later } from '../worker/support/stage.ts'

/** The real worker in its own process, with a fake PostHog that follows the rules. */
export interface Receiver {
  readonly posthog: PostHog
  readonly url: string
  /** Settles once the worker is ready. */
  readonly ready: () => Promise<void>
  /** Kills the worker and restarts it at the same address. */
  readonly restart: () => Promise<void>
}

export async function startReceiver(program: string, rules: readonly Rule[]): Promise<Receiver> {
  const posthog = await startPostHog(...rules)
  later(() => posthog.stop())
  const env = { POSTHOG_API_KEY: 'phc_test', POSTHOG_HOST: posthog.url }
  let worker: Running = await run(program, env)
  const { url, port } = worker
  return {
    posthog,
    url: `${url}/v1/t`,
    ready: () => eventually(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200)),
    restart: async () => {
      await worker.stop('SIGKILL')
      worker = await run(program, { ...env, PORT: String(port) })
    },
  }
}

/** The stored events, deduplicated as PostHog does it. */
export function storedIn({ stored }: PostHog): readonly string[] {
  return [...new Set(stored.map(({ uuid }) => uuid))].toSorted()
}

/** Every attempt at an event must send the same fields. */
export function expectOneIdentityEach({ batches }: PostHog): void {
  const seen = new Map<string, string>()
  for (const event of batches.flatMap(({ batch }) => batch)) {
    const said = JSON.stringify(event)
    expect(seen.get(event.uuid) ?? said).toBe(said)
    seen.set(event.uuid, said)
  }
}

export { buildWorker }
