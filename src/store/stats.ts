import { noticeVersion, statsSchemaVersion } from '../contract/versions.ts'
import { isUnread, readSmallFile } from '../files/read.ts'

/** How many events and bytes, and when the oldest was queued, in milliseconds. */
export interface Waiting {
  readonly events: number
  readonly bytes: number
  readonly oldest: number
}

/** What this machine has counted so far. It leaves only in events that follow the contract. */
export interface Stats {
  /** The PID of the process that holds the lock; 0 if it is free. */
  readonly pid: number
  /** The process that wrote it; PIDs alone don't tell containers apart. */
  readonly writer: string
  /** A fingerprint of the client id that these statistics belong to; empty before there is one. */
  readonly machine: string
  readonly stats_schema_version: number
  readonly first_seen: string
  readonly sequence: number
  readonly counters_as_of: string
  /** When the clock last jumped. The age of an event counts from here. */
  readonly steady_since: string
  /** The version that the last recording host gave. */
  readonly version: string | null
  readonly subcommand_counts: Readonly<Record<string, number>>
  readonly selections: Readonly<Record<string, number>>
  readonly feature_capabilities: Readonly<Record<string, boolean>>
  /** The part of the counters that was counted while uploads were forbidden. It is never sent. */
  readonly withheld: {
    readonly subcommand_counts: Readonly<Record<string, number>>
    readonly selections: Readonly<Record<string, number>>
  }
  /** Milestones that have fired: `<trigger>`, or `<trigger>@<version>`. */
  readonly fired: readonly string[]
  /** Events that were dropped because the queue was full. */
  readonly dropped: number
  /** Postponed counts that are included already, but whose files are not removed yet. */
  readonly folded: readonly string[]
  /** An upper bound of what is waiting in the queue, as far as the writer could know. */
  readonly waiting: Waiting | null
  /** The widest notice that this user has been shown; 0 before the first. */
  readonly notice: number
}

export type StatsReading =
  | { readonly kind: 'absent' | 'damaged' | 'unread' }
  | {
      readonly kind: 'read'
      readonly stats: Stats
      /** A field was damaged. Its value must be rebuilt from the queue and the ledger. */
      readonly isRepaired: boolean
    }

const sizeLimit = 256 * 1024

export function freshStats(now: string): Stats {
  return {
    pid: 0,
    writer: '',
    machine: '',
    stats_schema_version: statsSchemaVersion,
    first_seen: now,
    sequence: 0,
    counters_as_of: now,
    steady_since: now,
    version: null,
    subcommand_counts: {},
    selections: {},
    feature_capabilities: {},
    withheld: { subcommand_counts: {}, selections: {} },
    fired: [],
    dropped: 0,
    folded: [],
    waiting: null,
    notice: 0,
  }
}

/** Has a person on this machine seen what is collected? Until then nothing leaves it. */
export function noticeWasSeen(file: string): boolean {
  const reading = readStats(file)
  return reading.kind === 'read' && reading.stats.notice >= noticeVersion
}

/**
 * Reads the statistics without the lock. A file that is being written may look damaged, so it is read
 * again. `now` replaces damaged times.
 */
export function readStats(file: string, now = earliest): StatsReading {
  let reading = readOnce(file, now)
  for (let more = 0; more < 3 && reading.kind === 'damaged'; more += 1)
    reading = readOnce(file, now)
  return reading
}

const earliest = '1970-01-01T00:00:00Z'

/** Short, because a host reads them several times in a row, and its count can be added later. */
const mostMs = 100

function readOnce(file: string, now: string): StatsReading {
  const reading = readSmallFile(file, sizeLimit, { links: false, mostMs })
  if (reading.kind === 'absent') return { kind: 'absent' }
  if (reading.kind === 'read') {
    return parseStats(reading.bytes.toString('utf8'), now)
  }
  return { kind: isUnread(reading) ? 'unread' : 'damaged' }
}

/** @internal */
export function parseStats(text: string, now: string): StatsReading {
  try {
    const stats: unknown = JSON.parse(text)
    if (!isStats(stats)) return { kind: 'damaged' }
    if (isWhole(stats)) return { kind: 'read', stats, isRepaired: false }
    const repaired = repair(stats, now)
    const isRepaired = mendable.some((name) => stats[name] !== repaired[name])
    return { kind: 'read', stats: repaired, isRepaired }
  } catch {
    return { kind: 'damaged' }
  }
}

/** Twelve digits, as in the names of the queue. */
export const mostSequence = 999_999_000_000

const mendable = ['sequence', 'first_seen', 'counters_as_of', 'steady_since'] as const

/** Is there nothing to repair? Checking costs less than copying the statistics. */
function isWhole(stats: Stats): boolean {
  return (
    typeof stats.writer === 'string' &&
    typeof stats.machine === 'string' &&
    stats.sequence <= mostSequence &&
    isTime(stats.counters_as_of) &&
    isTime(stats.first_seen) &&
    isTime(stats.steady_since) &&
    isListOfText(stats.folded) &&
    (stats.waiting === null || isWaiting(stats.waiting))
  )
}

/** One damaged field must neither lose the counters nor stop events. */
function repair(stats: Stats, now: string): Stats {
  const asOf = isTime(stats.counters_as_of) ? stats.counters_as_of : now
  return {
    ...stats,
    writer: typeof stats.writer === 'string' ? stats.writer : '',
    machine: typeof stats.machine === 'string' ? stats.machine : '',
    sequence: stats.sequence <= mostSequence ? stats.sequence : 0,
    counters_as_of: asOf,
    first_seen: isTime(stats.first_seen) ? stats.first_seen : asOf,
    // Ages count from here, so a time that is too late drops nothing.
    steady_since: isTime(stats.steady_since) ? stats.steady_since : now,
    folded: isListOfText(stats.folded) ? stats.folded : [],
    waiting: isWaiting(stats.waiting) ? stats.waiting : null,
  }
}

/** The fields that counting needs. Fields that a newer version added are kept. */
function isStats(value: unknown): value is Stats {
  const stats = value as Stats | null
  return (
    typeof stats === 'object' &&
    stats !== null &&
    stats.stats_schema_version >= statsSchemaVersion &&
    [stats.stats_schema_version, stats.sequence, stats.dropped, stats.notice].every(isCount) &&
    [stats.first_seen, stats.counters_as_of, stats.steady_since].every(isText) &&
    (stats.version === null || typeof stats.version === 'string') &&
    isListOfText(stats.fired) &&
    isRecordOf(stats.subcommand_counts, isCount) &&
    isRecordOf(stats.selections, isCount) &&
    isRecordOf(stats.withheld?.subcommand_counts, isCount) &&
    isRecordOf(stats.withheld?.selections, isCount) &&
    isRecordOf(stats.feature_capabilities, (one) => typeof one === 'boolean')
  )
}

function isWaiting(value: Waiting | null | undefined): boolean {
  return [value?.events, value?.bytes, value?.oldest].every(isCount)
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text))
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isRecordOf(value: unknown, member: (one: unknown) => boolean): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(member)
  )
}
