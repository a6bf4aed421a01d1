import { noticeVersion, statsSchemaVersion } from '../contract/versions.ts'
import { isBusy, readSmallFile } from '../files/read.ts'

/** How many events, how many bytes, and since when the oldest of them, in milliseconds. */
export interface Waiting {
  readonly events: number
  readonly bytes: number
  readonly oldest: number
}

/** What this machine has counted so far. Nothing of it leaves but through the contract. */
export interface Stats {
  /** The process that is at work on it; 0 for nobody. */
  readonly pid: number
  /** The process that wrote it. */
  readonly writer: number
  readonly stats_schema_version: number
  readonly first_seen: string
  readonly sequence: number
  readonly counters_as_of: string
  /** Since when the clock has gone without a leap; the age of an event counts from here. */
  readonly steady_since: string
  /** The version that the last recording host gave. */
  readonly version: string | null
  readonly subcommand_counts: Readonly<Record<string, number>>
  readonly selections: Readonly<Record<string, number>>
  readonly feature_capabilities: Readonly<Record<string, boolean>>
  /** The part of the counters that was counted while nothing might be sent, and so never is. */
  readonly withheld: {
    readonly subcommand_counts: Readonly<Record<string, number>>
    readonly selections: Readonly<Record<string, number>>
  }
  /** Milestones that have fired: `<trigger>`, or `<trigger>@<version>`. */
  readonly fired: readonly string[]
  /** Events that had to give way because the queue was full. */
  readonly dropped: number
  /** No more than this waits in the queue, as far as the process that wrote this can know. */
  readonly waiting: Waiting | null
  /** The widest notice that this user has been shown; 0 before the first. */
  readonly notice: number
}

export type StatsReading =
  | { readonly kind: 'absent' | 'damaged' | 'busy' }
  | { readonly kind: 'read'; readonly stats: Stats; readonly size: number }

const sizeLimit = 256 * 1024

export function freshStats(now: string): Stats {
  return {
    pid: 0,
    writer: 0,
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
 * A file that is not wholly as we write it is damaged: half of a statistic is worse than none. Who
 * only looks holds no lock, and may look again at what was being written.
 */
export function readStats(file: string): StatsReading {
  let reading = readOnce(file)
  for (let more = 0; more < 3 && reading.kind === 'damaged'; more += 1) reading = readOnce(file)
  return reading
}

function readOnce(file: string): StatsReading {
  const reading = readSmallFile(file, sizeLimit)
  if (reading.kind === 'absent') return { kind: 'absent' }
  if (reading.kind === 'read') return parseStats(reading.bytes)
  return { kind: isBusy(reading) ? 'busy' : 'damaged' }
}

export function parseStats(bytes: Buffer): StatsReading {
  try {
    const stats: unknown = JSON.parse(bytes.toString('utf8'))
    return isStats(stats) ? { kind: 'read', stats, size: bytes.length } : { kind: 'damaged' }
  } catch {
    return { kind: 'damaged' }
  }
}

function isStats(value: unknown): value is Stats {
  const stats = value as Stats | null
  return (
    typeof stats === 'object' &&
    stats !== null &&
    stats.stats_schema_version === statsSchemaVersion &&
    [stats.sequence, stats.dropped, stats.notice].every(isCount) &&
    [stats.first_seen, stats.counters_as_of, stats.steady_since].every(isText) &&
    (stats.version === null || typeof stats.version === 'string') &&
    ((stats.waiting ?? null) === null || isWaiting(stats.waiting)) &&
    Array.isArray(stats.fired) &&
    stats.fired.every((name) => typeof name === 'string') &&
    isRecordOf(stats.subcommand_counts, isCount) &&
    isRecordOf(stats.selections, isCount) &&
    isRecordOf(stats.withheld?.subcommand_counts, isCount) &&
    isRecordOf(stats.withheld?.selections, isCount) &&
    isRecordOf(stats.feature_capabilities, (one) => typeof one === 'boolean')
  )
}

function isWaiting(value: Waiting | null): boolean {
  return [value?.events, value?.bytes, value?.oldest].every(isCount)
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
