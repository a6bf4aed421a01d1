import { existsSync } from 'node:fs'
import path from 'node:path'

import { eventContracts } from '../contract/contracts.ts'
import { steadyMs } from '../files/clock.ts'
import type { Context } from '../settings/context.ts'
import { readQueued, setAside } from '../store/queued-event.ts'
import { noteAnswerTime } from '../store/upload-state.ts'
import { openBacklog } from './backlog.ts'
import { openHttpClient } from './http/client.ts'
import { debugHeaders, headersFor } from './http/headers.ts'
import { isTheCollector } from './policy.ts'
import { openRecords } from './records.ts'
import { saveUploadState } from './schedule.ts'
import { emptyTally, tallied } from './tally.ts'

export interface SessionOptions {
  /** Called again before every post. */
  readonly context: () => Context
  /** Events go nowhere else. By default, where the settings say. */
  readonly endpoint?: string
  readonly userAgent: string
  /** A person asked for it, so no back-off applies. */
  readonly impatient: boolean
  /** For one post, from the name lookup to the last byte of the answer; by default 10 s. */
  readonly postTimeoutMs?: number
  readonly onProgress?: (progress: Progress) => void
  /** Ends it, and resets connections that carry an event. */
  readonly signal?: AbortSignal
}

export interface Progress {
  readonly attempted: number
  readonly delivered: number
}

export interface SessionEnd extends Progress {
  /** Why not everything was delivered; null if it was. */
  readonly reason: string | null
  /** Did it end with work left that it could have tried? */
  readonly isCutShort: boolean
}

export const movedAway = 'the endpoint was changed'
export const interrupted = 'interrupted'

const inFlight = 8
const defaultPostTimeoutMs = 10_000
/** How often an uploader checks for an opt-out, or for a host that has ended. */
const lookAgainMs = 50
/** After a change of the address, how long to wait for answers from the old one. */
const graceMs = 1000

/**
 * Posts waiting events, oldest first, a few at a time, until the queue is empty, the collector asks for
 * a pause, the user opts out, or time is up. The caller holds the upload lock.
 */
export async function runSession(
  options: SessionOptions,
  until: number,
  handed: Set<string>,
  isOurs: () => boolean = () => true,
): Promise<SessionEnd> {
  const start = options.context()
  const { paths, environment } = start
  const endpoint = options.endpoint ?? start.choices.endpoint.value
  const admit = admission(start)
  const backlog = openBacklog(start, options.impatient, handed)
  const records = openRecords(start, endpoint, backlog)
  const client = openHttpClient({
    endpoint,
    // The queue goes to the built-in endpoint or one of the user's own: never to a project's.
    headers: { ...headersFor(options.userAgent, start.key.value), ...debugHeaders(start) },
    env: environment.env,
    timeoutMs: options.postTimeoutMs ?? defaultPostTimeoutMs,
    inFlight,
  })
  let attempted = 0
  let tally = emptyTally

  // To look at all settings costs as much as half a post, so it is done once for both.
  const forbidden = (): string | undefined => {
    const { verdict, choices } = options.context()
    if (!verdict.uploading) return `off (${verdict.decidedBy})`
    return choices.endpoint.value === endpoint ? undefined : movedAway
  }
  const whyDone = (): string | undefined => {
    if (Date.now() > until) return 'out of time'
    if (options.signal?.aborted) return interrupted
    if (records.fault() !== undefined) return records.fault()
    return tally.stop === null ? undefined : (tally.trouble ?? undefined)
  }
  const whyNot = (): string | undefined => {
    const no = forbidden()
    if (no !== undefined) return no
    // If this process was suspended, an uploader on another machine may have taken the lock over.
    return isOurs() ? whyDone() : 'another uploader took over'
  }
  /** Returns whether the event was delivered. */
  const post = async (name: string, bytes: string): Promise<boolean> => {
    attempted += 1
    const isFirst = attempted === 1
    const since = steadyMs()
    // The upload lock marks that we are sending, so events need no markers of their own.
    const mayBegin = () => forbidden() === undefined && isOurs() && records.begin(name, bytes)
    const outcome = await client.post(bytes, mayBegin)
    tally = tallied(tally, outcome)
    if (outcome.kind === 'delivered') {
      if (isFirst) noteAnswerTime(paths.state, endpoint, steadyMs() - since)
      // A worker waits for that before its next post, so after a crash only events in flight can be in doubt.
      await records.confirm(name, bytes)
    } else {
      records.doubt(name, bytes)
      if (isTheCollector(outcome)) backlog.postpone(name)
      else backlog.rest(name)
    }
    options.onProgress?.({ attempted, delivered: tally.delivered })
    return outcome.kind === 'delivered'
  }
  const worker = async (): Promise<void> => {
    // After a delivery the connection stands, and the next post asks before its first byte.
    let isConnected = false
    while ((isConnected ? whyDone() : whyNot()) === undefined) {
      const name = backlog.next()
      isConnected = false
      if (name === undefined) {
        if (!backlog.awaitsHosts()) return
        await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
        continue
      }
      const bytes = admit(name)
      if (bytes !== undefined) isConnected = await post(name, bytes)
      else if (existsSync(path.join(paths.queue, name))) backlog.rest(name)
    }
  }

  options.signal?.addEventListener('abort', () => client.close())
  let movedAt: number | undefined
  const watchdog = setInterval(() => {
    const no = forbidden()
    if (no === movedAway) movedAt ??= Date.now()
    const isOff = no !== undefined && no !== movedAway
    if (isOff || (movedAt !== undefined && Date.now() - movedAt > graceMs)) client.close()
  }, lookAgainMs)
  try {
    await Promise.all(Array.from({ length: inFlight }, worker))
  } finally {
    clearInterval(watchdog)
    client.close()
    records.close(isOurs())
  }
  const why = whyNot()
  const reason = why ?? tally.trouble
  saveUploadState(start, tally, reason, backlog.remaining())
  return { attempted, delivered: tally.delivered, reason, isCutShort: why !== undefined }
}

/** Returns an event's bytes; undefined if the file is not an event. It is then set aside. */
function admission({ product, paths, environment }: Context) {
  const contracts = eventContracts(product)
  return (name: string): string | undefined => {
    const file = path.join(paths.queue, name)
    const queued = readQueued(file, contracts, environment.now())
    if (queued.kind === 'foreign') setAside(paths.aside, file)
    return queued.kind === 'event' ? queued.bytes : undefined
  }
}
