import { eventually } from '../../../support/eventually.ts'
import type { Captured, PostHog } from '../../worker/support/posthog.ts'
import { run, type Running } from '../../worker/support/process.ts'

type Environment = Readonly<Record<string, string>>

export interface Fleet {
  readonly ingest: (env?: Environment) => Promise<Running>
  readonly deliver: (env?: Environment) => Promise<Running>
  readonly all: (env?: Environment) => Promise<Running>
}

/** Starts real workers in any role, with the tests' own buffer and PostHog. */
export function fleetOf(program: string, url: string, posthog: Pick<PostHog, 'url'>): Fleet {
  const sink = { POSTHOG_API_KEY: 'phc_test', POSTHOG_HOST: posthog.url }
  const buffer = {
    BUFFER_URL: url,
    BUFFER_MAX_BYTES: String(64 * 1024 * 1024),
    BUFFER_ACK_WAIT_SECONDS: '2',
  }
  return {
    all: (env) => run(program, { ...sink, ...env }),
    ingest: (env) => run(program, { ROLE: 'ingest', ...buffer, ...env }),
    // It needs no ingestion key.
    deliver: (env) =>
      run(program, { ROLE: 'deliver', ...buffer, ...sink, INGESTION_KEY: '', ...env }),
  }
}

export async function isReady({ url }: Pick<Running, 'url'>): Promise<string> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined)
  return response === undefined ? 'gone' : await response.text()
}

export function untilReady(...workers: readonly Running[]): Promise<void> {
  return eventually(async () => {
    for (const worker of workers) {
      const said = await isReady(worker)
      if (!said.includes('"ready":true')) throw new Error(`${said}\n${worker.said()}`)
    }
  })
}

export async function figuresOf({ url }: Pick<Running, 'url'>): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Object.fromEntries(
    [...text.matchAll(/^telemetry_(\S+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  )
}

/** Waits until all events are stored, counted as PostHog does: once per id. */
export async function allArrive(
  posthog: Pick<PostHog, 'stored'>,
  uuids: ReadonlySet<string>,
): Promise<{ readonly raw: number; readonly identities: number }> {
  await eventually(() => {
    const there = new Set(posthog.stored.map(({ uuid }) => uuid))
    const missing = [...uuids].filter((uuid) => !there.has(uuid))
    if (missing.length > 0) throw new Error(`${missing.length} of ${uuids.size} are missing`)
  })
  const identities = new Set(posthog.stored.map(identityOf)).size
  return { raw: posthog.stored.length, identities }
}

/** The identity by which PostHog deduplicates. */
export function identityOf({ uuid, event, distinct_id: id, timestamp = '' }: Captured): string {
  return [uuid, event, id, timestamp.slice(0, 10)].join(' ')
}
