import { afterAll } from 'vitest'

import { openServer, type Patience, type Server } from '../../../../infra/worker/src/http/server.ts'
import { readSettings } from '../../../../infra/worker/src/settings.ts'
import { openWorker } from '../../../../infra/worker/src/open-worker.ts'
import type { Worker } from '../../../../infra/worker/src/worker.ts'
import { type PostHog, type Rule, startPostHog } from './posthog.ts'

const cleanUps: (() => unknown)[] = []

// Cleans up after the whole file, because concurrent tests have no hooks of their own here.
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp()
})

export function later(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp)
}

export const key = 'key-of-the-tests'

export type Environment = Readonly<Record<string, string>>

export interface Logged {
  /** Everything logged, verbatim. */
  readonly text: () => string
  readonly write: (line: string) => void
}

export function openLogged(): Logged {
  let text = ''
  return {
    text: () => text,
    write: (line) => {
      text += line
    },
  }
}

export interface Stage {
  readonly worker: Worker
  readonly logged: Logged
  readonly posthog: PostHog
}

/** A worker in this process, with a fake PostHog that follows the rules. */
export async function stage(rules: readonly Rule[] = [], env: Environment = {}): Promise<Stage> {
  const posthog = await startPostHog(...rules)
  const logged = openLogged()
  const worker = await openWorker(
    readSettings({
      INGESTION_KEY: key,
      POSTHOG_API_KEY: 'phc_test',
      POSTHOG_HOST: posthog.url,
      PORT: '0',
      HOST: '127.0.0.1',
      ...env,
    }),
    logged,
  )
  later(() => posthog.stop())
  return { worker, logged, posthog }
}

export interface ServedStage extends Stage {
  readonly server: Server
  readonly url: string
}

/** The same behind a server of its own. */
export async function served(
  rules: readonly Rule[] = [],
  env: Environment = {},
  patience: Partial<Patience> = {},
): Promise<ServedStage> {
  const made = await stage(rules, env)
  const server = await openServer(made.worker, {
    headersMs: 10_000,
    requestMs: 30_000,
    checkMs: 1000,
    silenceMs: 40_000,
    keepAliveMs: 75_000,
    connections: 1000,
    shutdownMs: 1000,
    ...patience,
  })
  later(() => server.close())
  return { ...made, server, url: `http://127.0.0.1:${server.port}` }
}
