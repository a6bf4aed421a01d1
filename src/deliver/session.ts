import { existsSync } from 'node:fs'
import path from 'node:path'

import { contractsOf } from '../contract/contracts.ts'
import { timestamp } from '../contract/timestamp.ts'
import { removeFile } from '../files/write.ts'
import type { Context } from '../settings/context.ts'
import { noteSent } from '../store/ledger.ts'
import { readQueued, setAside } from '../store/queued-event.ts'
import { openBacklog } from './backlog.ts'
import { openHttpClient } from './http/client.ts'
import { headersFor } from './http/exchange.ts'
import { describe, type PostOutcome } from './http/outcome.ts'
import { decide, type Decision, isTheCollector } from './policy.ts'
import { saveUploadState } from './schedule.ts'

export interface SessionOptions {
  /** Asked again before every post. */
  readonly context: () => Context
  readonly userAgent: string
  /** A person who asks waits for no back-off. */
  readonly impatient: boolean
  /** For one post, from looking up the name to the last byte of the answer; by default 10 s. */
  readonly postTimeoutMs?: number
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly attempted: number
  readonly delivered: number
}

export interface SessionEnd extends Progress {
  /** Why not everything was delivered; null where it was. */
  readonly reason: string | null
  /** Did it end with work left that it might have tried? */
  readonly isCutShort: boolean
}

const inFlight = 8
const defaultPostTimeoutMs = 10_000
/** How often a no is looked for while answers are awaited. */
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
  isOurs: () => boolean = () => true,
): Promise<SessionEnd> {
  const start = options.context()
  const { paths, environment } = start
  const endpoint = start.choices.endpoint.value
  const admit = admission(start)
  const settle = settlement(start)
  const backlog = openBacklog(paths, environment, options.impatient, handed)
  const client = openHttpClient({
    endpoint,
    // The queue goes to the built-in endpoint or one of the user's own: never to a project's.
    headers: headersFor(options.userAgent, start.key.value),
    env: environment.env,
    timeoutMs: options.postTimeoutMs ?? defaultPostTimeoutMs,
    inFlight,
  })
  let attempted = 0
  let tally = emptyTally

  const whyNot = (): string | undefined => {
    const { verdict, choices } = options.context()
    if (!verdict.uploading) return `off (${verdict.decidedBy})`
    if (choices.endpoint.value !== endpoint) return 'the endpoint was changed'
    if (Date.now() > until) return 'out of time'
    // One that was suspended may have lost the lock to an uploader on another machine.
    if (!isOurs()) return 'another uploader took over'
    return tally.stop === null ? undefined : (tally.trouble ?? undefined)
  }
  const post = async (name: string, bytes: string): Promise<void> => {
    attempted += 1
    const outcome = await client.post(bytes)
    tally = tallied(tally, outcome)
    if (outcome.kind === 'delivered') await settle(name, bytes)
    else if (isTheCollector(outcome)) backlog.postpone(name)
    else backlog.rest(name)
    options.onProgress?.({ attempted, delivered: tally.delivered })
  }
  const worker = async (): Promise<void> => {
    for (let name = backlog.next(); name !== undefined; name = backlog.next()) {
      if (whyNot() !== undefined) return
      const bytes = admit(name)
      if (bytes !== undefined) await post(name, bytes)
      else if (existsSync(path.join(paths.queue, name))) backlog.rest(name)
    }
  }

  // Only a no cuts short what is under way: it may have arrived, and would be sent again.
  const watchdog = setInterval(() => {
    if (options.context().verdict.uploading) return
    clearInterval(watchdog)
    setTimeout(client.close, graceMs).unref()
  }, lookAgainMs)
  try {
    await Promise.all(Array.from({ length: inFlight }, worker))
  } finally {
    clearInterval(watchdog)
    client.close()
  }
  const why = whyNot()
  const reason = why ?? tally.trouble
  saveUploadState(start, tally, reason, backlog.resting())
  return { attempted, delivered: tally.delivered, reason, isCutShort: why !== undefined }
}

/** Gives an event's bytes; undefined where the file is no event, which is then out of the way. */
function admission({ product, paths, environment }: Context) {
  const contracts = contractsOf(product)
  return (name: string): string | undefined => {
    const file = path.join(paths.queue, name)
    const queued = readQueued(file, contracts, environment.now())
    if (queued.kind === 'foreign') setAside(paths.aside, file)
    return queued.kind === 'event' ? queued.bytes : undefined
  }
}

/**
 * The collector has it: into the ledger, then out of the queue. What is confirmed at about the same
 * time is written down in one go. Who waits for that has nothing new under way, so that no more
 * than what is in flight can ever be in doubt.
 */
function settlement({ choices, paths, environment }: Context) {
  let confirmed: { name: string; bytes: string; done: () => void }[] = []
  const writeDown = (): void => {
    const batch = confirmed
    confirmed = []
    const sending = {
      sentAt: timestamp(environment.now()),
      endpoint: choices.endpoint.value,
      via: 'http',
      confirmed: true,
    } as const
    try {
      noteSent(paths.ledger, sending, ...batch.map(({ bytes }) => bytes))
    } catch {
      // To send it again because our own note could not be made would be worse.
    }
    for (const { name, done } of batch) {
      removeFile(path.join(paths.queue, name))
      done()
    }
  }
  return (name: string, bytes: string): Promise<void> =>
    new Promise((done) => {
      if (confirmed.push({ name, bytes, done }) === 1) setImmediate(writeDown)
    })
}

/** What the outcomes of one session add up to. */
export interface Tally {
  readonly delivered: number
  /** What the last post that was not delivered came to. */
  readonly trouble: string | null
  /** The decision that ended the session; what was under way may still end well after it. */
  readonly stop: Pick<Decision, 'retryAfterMs'> | null
  /** Nothing was delivered, and it was not the events: the collector is to be left alone. */
  readonly isAway: boolean
  readonly streak: number
}

export const emptyTally: Tally = {
  delivered: 0,
  trouble: null,
  stop: null,
  isAway: false,
  streak: 0,
}

export function tallied(tally: Tally, outcome: PostOutcome): Tally {
  const { session, streak, ...decision } = decide(outcome, tally.streak)
  if (outcome.kind === 'delivered') {
    return { ...tally, delivered: tally.delivered + 1, isAway: false, streak }
  }
  return {
    delivered: tally.delivered,
    trouble: describe(outcome),
    stop: tally.stop ?? (session === 'stop' ? decision : null),
    isAway: tally.isAway || (tally.delivered === 0 && isTheCollector(outcome)),
    streak,
  }
}
