import { existsSync } from 'node:fs'
import path from 'node:path'

import { type Contract } from '../contract/contract.ts'
import { contractsOf } from '../contract/contracts.ts'
import { timestamp } from '../contract/timestamp.ts'
import { removeFile } from '../files/write.ts'
import type { Situation } from '../settings/situation.ts'
import { openLedger } from '../store/ledger.ts'
import { readQueued, setAside } from '../store/queued-event.ts'
import { openBacklog } from './backlog.ts'
import { closeBooks } from './books.ts'
import { describe } from './outcome.ts'
import { decide, type Decision } from './policy.ts'
import { openPoster } from './post.ts'

export interface SessionOptions {
  /** Asked again before every post. */
  readonly situation: () => Situation
  readonly userAgent: string
  /** A person who asks waits for no back-off. */
  readonly impatient: boolean
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly attempted: number
  readonly delivered: number
}

export interface SessionEnd extends Progress {
  /** Why not everything was delivered; null where it was. */
  readonly reason: string | null
}

const inFlight = 8
const postTimeoutMs = 10_000
/** How often a no, or the end of our time, is looked for while answers are awaited. */
const lookAgainMs = 100
/** How long answers that are already on their way are waited for after a no. */
const graceMs = 500

/**
 * Posts what waits, oldest first, a few at a time, until the queue is empty, the collector has had
 * enough, the user says no, or time is up. Whoever calls holds the upload lock.
 */
export async function runSession(
  options: SessionOptions,
  until: number,
  handed: Set<string>,
): Promise<SessionEnd> {
  const start = options.situation()
  const { product, paths, choices, key, surroundings } = start
  const endpoint = choices.endpoint.value
  const contracts = contractsOf(product)
  const record = openLedger(paths.ledger)
  const backlog = openBacklog(paths, surroundings, options.impatient, handed)
  const poster = openPoster({
    endpoint,
    headers: headersFor(options.userAgent, key.value),
    env: surroundings.env,
    timeoutMs: postTimeoutMs,
    inFlight,
  })
  let attempted = 0
  let delivered = 0
  let last: Decision = { event: 'keep', session: 'continue', streak: 0 }
  let trouble: string | undefined
  let stopped: string | undefined

  const mayGoOn = (): boolean => {
    const now = options.situation()
    if (!now.verdict.uploading) stopped ??= `off (${now.verdict.decidedBy})`
    else if (now.choices.endpoint.value !== endpoint) stopped ??= 'the endpoint was changed'
    else if (Date.now() > until) stopped ??= 'out of time'
    return stopped === undefined
  }
  const post = async (name: string, bytes: string): Promise<void> => {
    attempted += 1
    const outcome = await poster.post(bytes)
    last = decide(outcome, last.streak)
    if (last.event === 'remove') {
      delivered += 1
      settle(record, endpoint, bytes, path.join(paths.queue, name), surroundings.now())
    } else {
      trouble = describe(outcome)
      backlog.refuse(name)
      if (last.session === 'stop') stopped ??= trouble
    }
    options.onProgress?.({ attempted, delivered })
  }
  const worker = async (): Promise<void> => {
    for (let name = backlog.next(); name !== undefined; name = backlog.next()) {
      if (!mayGoOn()) return
      const bytes = admit(path.join(paths.queue, name), paths.aside, contracts, surroundings.now())
      if (bytes !== undefined) await post(name, bytes)
      else if (existsSync(path.join(paths.queue, name))) backlog.refuse(name)
    }
  }

  const watchdog = setInterval(() => {
    if (mayGoOn()) return
    clearInterval(watchdog)
    setTimeout(poster.close, graceMs).unref()
  }, lookAgainMs)
  try {
    await Promise.all(Array.from({ length: inFlight }, worker))
  } finally {
    clearInterval(watchdog)
    poster.close()
  }
  const reason = stopped ?? trouble ?? null
  closeBooks(start, { last, delivered, reason, refused: backlog.refused() })
  return { attempted, delivered, reason }
}

/** The event's bytes; undefined where the file is no event, which is then out of the way. */
function admit(
  file: string,
  aside: string,
  contracts: readonly Contract[],
  now: number,
): string | undefined {
  const queued = readQueued(file, contracts, now)
  if (queued.kind === 'foreign') setAside(aside, file)
  return queued.kind === 'event' ? queued.bytes : undefined
}

function settle(
  record: ReturnType<typeof openLedger>,
  endpoint: string,
  bytes: string,
  file: string,
  now: number,
): void {
  try {
    record(timestamp(now), endpoint, bytes)
  } catch {
    // The collector has it. Sending it again because our own note could not be made would be worse.
  }
  removeFile(file)
}

/** The queue goes to the built-in endpoint or one of the user's own: never to one of a project's. */
function headersFor(userAgent: string, key: string | undefined): Record<string, string> {
  return {
    'user-agent': userAgent,
    ...(key === undefined ? {} : { 'x-telemetry-key': key }),
  }
}
