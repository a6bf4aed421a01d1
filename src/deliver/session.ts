import { existsSync } from 'node:fs'
import path from 'node:path'

import { contractsOf } from '../contract/contracts.ts'
import { timestamp } from '../contract/timestamp.ts'
import { removeFile } from '../files/write.ts'
import type { Situation } from '../settings/situation.ts'
import { openLedger } from '../store/ledger.ts'
import { readQueued, setAside } from '../store/queued-event.ts'
import { openBacklog } from './backlog.ts'
import { closeBooks } from './books.ts'
import { headersFor } from './headers.ts'
import { openPoster } from './post.ts'
import { isTheCollector } from './policy.ts'
import { emptyTally, tallied } from './tally.ts'

export interface SessionOptions {
  /** Asked again before every post. */
  readonly situation: () => Situation
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
): Promise<SessionEnd> {
  const start = options.situation()
  const { paths, surroundings } = start
  const endpoint = start.choices.endpoint.value
  const admit = admission(start)
  const settle = settlement(start)
  const backlog = openBacklog(paths, surroundings, options.impatient, handed)
  const poster = openPoster({
    endpoint,
    // The queue goes to the built-in endpoint or one of the user's own: never to a project's.
    headers: headersFor(options.userAgent, start.key.value),
    env: surroundings.env,
    timeoutMs: options.postTimeoutMs ?? defaultPostTimeoutMs,
    inFlight,
  })
  let attempted = 0
  let tally = emptyTally

  const whyNot = (): string | undefined => {
    const { verdict, choices } = options.situation()
    if (!verdict.uploading) return `off (${verdict.decidedBy})`
    if (choices.endpoint.value !== endpoint) return 'the endpoint was changed'
    if (Date.now() > until) return 'out of time'
    return tally.stop === null ? undefined : (tally.trouble ?? undefined)
  }
  const post = async (name: string, bytes: string): Promise<void> => {
    attempted += 1
    const outcome = await poster.post(bytes)
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
    if (options.situation().verdict.uploading) return
    clearInterval(watchdog)
    setTimeout(poster.close, graceMs).unref()
  }, lookAgainMs)
  try {
    await Promise.all(Array.from({ length: inFlight }, worker))
  } finally {
    clearInterval(watchdog)
    poster.close()
  }
  const why = whyNot()
  const reason = why ?? tally.trouble
  closeBooks(start, tally, reason, backlog.resting())
  return { attempted, delivered: tally.delivered, reason, isCutShort: why !== undefined }
}

/** Gives an event's bytes; undefined where the file is no event, which is then out of the way. */
function admission({ product, paths, surroundings }: Situation) {
  const contracts = contractsOf(product)
  return (name: string): string | undefined => {
    const file = path.join(paths.queue, name)
    const queued = readQueued(file, contracts, surroundings.now())
    if (queued.kind === 'foreign') setAside(paths.aside, file)
    return queued.kind === 'event' ? queued.bytes : undefined
  }
}

/**
 * The collector has it: into the ledger, then out of the queue. What is confirmed at about the same
 * time is written down in one go. Who waits for that has nothing new under way, so that no more
 * than what is in flight can ever be in doubt.
 */
function settlement({ choices, paths, surroundings }: Situation) {
  const record = openLedger(paths.ledger)
  let confirmed: { name: string; bytes: string; done: () => void }[] = []
  const writeDown = (): void => {
    const batch = confirmed
    confirmed = []
    const events = batch.map(({ bytes }) => bytes)
    try {
      record(timestamp(surroundings.now()), choices.endpoint.value, events)
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
