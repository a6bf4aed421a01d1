import { renameSync } from 'node:fs'
import path from 'node:path'

import { isUnread, readSmallFile } from '../files/read.ts'
import { openFileMemory, sightingOf } from '../files/snapshot.ts'
import { removeFile, replaceOwnFile, temporaryName, writeNewFile } from '../files/write.ts'
import { allGone, type GoneFields, goneFields } from '../settings/collector.ts'
import { isOwnState } from './foreign.ts'

/**
 * What the last uploader left for the next one, for every host, and for `status`. It is about the last
 * post's `endpoint` only, except for what was delivered and for `gone_before`.
 */
export interface UploadState extends GoneFields {
  readonly last_attempt: string | null
  readonly last_result: string | null
  /** No post before this time, unless a person asks for one. */
  readonly next_attempt: string | null
  /** How many sessions in a row failed; drives the back-off. */
  readonly failures: number
  /** Files whose events the collector refused, and when each is tried again. */
  readonly refused: Readonly<Record<string, string>>
  /** Files whose events were delivered, but which could not be removed. */
  readonly delivered: readonly string[]
  /** The collector answers with a 2xx other than 204. The next attempt is at this time. */
  readonly unconfirmed: { readonly status: number; readonly until: string } | null
  /** Why the file can't be read at this moment. All that it says is unknown then. */
  readonly unread?: string | undefined
}

const noUploads: UploadState = {
  endpoint: null,
  last_attempt: null,
  last_result: null,
  next_attempt: null,
  failures: 0,
  refused: {},
  delivered: [],
  unconfirmed: null,
  gone: null,
  gone_before: [],
}

/** A longer wait was written under a wrong clock. */
const longestWaitMs = 25 * 60 * 60 * 1000

/** What is known about uploads to this endpoint. What another one answered says nothing about it. */
export function readUploadState(file: string, endpoint: string): UploadState {
  const state = stateIn(file)
  if (state.endpoint === null || state.endpoint === endpoint) return state
  return { ...noUploads, delivered: state.delivered, gone_before: allGone(state) }
}

export function writeUploadState(file: string, state: UploadState): void {
  replaceOwnFile(file, `${JSON.stringify(state)}\n`)
}

/** Is it too early? An impossible time, written by a wrong clock, is ignored. */
export function mustWait(until: string | null | undefined, now: number): boolean {
  const time = Date.parse(until ?? '')
  return time > now && time - now <= longestWaitMs
}

/** Hosts that come and go in one process find the same pause each time. */
const remembered = openFileMemory<UploadState>()

function stateIn(file: string): UploadState {
  const { version } = sightingOf(file)
  if (version === '') return noUploads
  const before = remembered.recall(file, version)
  if (before) return before
  const state = parse(file)
  if (state.unread === undefined) remembered.keep(file, version, state)
  return state
}

function parse(file: string): UploadState {
  const reading = readSmallFile(file, 1024 * 1024)
  if (reading.kind === 'unreadable' && isUnread(reading)) {
    return { ...noUploads, unread: reading.reason }
  }
  if (reading.kind !== 'read') return noUploads
  try {
    const found = JSON.parse(reading.bytes.toString('utf8')) as Partial<UploadState> | null
    const { unconfirmed } = found ?? {}
    const until = text(unconfirmed?.until)
    return {
      ...goneFields(found ?? {}),
      last_attempt: text(found?.last_attempt),
      last_result: text(found?.last_result),
      next_attempt: text(found?.next_attempt),
      failures: Math.max(0, Math.trunc(Number(found?.failures)) || 0),
      refused: Object.fromEntries(
        Object.entries(found?.refused ?? {}).filter(([, time]) => text(time) !== null),
      ),
      delivered: Array.isArray(found?.delivered)
        ? found.delivered.filter((name) => text(name) !== null)
        : [],
      unconfirmed:
        until !== null && Number.isSafeInteger(unconfirmed?.status)
          ? { status: Number(unconfirmed?.status), until }
          : null,
    }
  } catch {
    return noUploads
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.length < 200 ? value : null
}

/** How quickly a long answer time is forgotten: this share of the difference with each shorter one. */
const forgetting = 1 / 8
const endpointsKept = 4

/** How long a post to this endpoint takes in total; undefined before the first. */
export function answerTimeOf(state: string, endpoint: string): number | undefined {
  return readAnswerTimes(state)[endpoint]
}

/** In a separate file, because hosts write it and must not undo what an uploader wrote meanwhile. */
export function noteAnswerTime(state: string, endpoint: string, ms: number): void {
  if (!isOwnState(state)) return
  const known = readAnswerTimes(state)
  const before = known[endpoint]
  const after = before === undefined || ms > before ? ms : before + (ms - before) * forgetting
  // Writing after each post would cost more than a small difference is worth.
  if (before !== undefined && Math.abs(after - before) < before / 10) return
  const others = Object.entries(known).filter(([name]) => name !== endpoint)
  const times = Object.fromEntries([
    ...others.slice(1 - endpointsKept),
    [endpoint, Math.round(after)],
  ])
  const file = answerTimesFile(state)
  const temporary = temporaryName(file)
  try {
    writeNewFile(temporary, `${JSON.stringify(times)}\n`, false)
    renameSync(temporary, file)
  } catch {
    // Losing it costs a second post at most.
    removeFile(temporary)
  }
}

function readAnswerTimes(state: string): Readonly<Record<string, number>> {
  const reading = readSmallFile(answerTimesFile(state), 64 * 1024)
  if (reading.kind !== 'read') return {}
  try {
    const found = JSON.parse(reading.bytes.toString('utf8')) as unknown
    const entries = Object.entries((found ?? {}) as Record<string, unknown>)
    return Object.fromEntries(
      entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
    )
  } catch {
    return {}
  }
}

function answerTimesFile(state: string): string {
  return path.join(state, 'answer-times.json')
}
