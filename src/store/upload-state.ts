import { readSmallFile } from '../files/read.ts'
import { replaceFile } from '../files/write.ts'

/** What the last uploader left for the next one, for every host, and for `status`. */
export interface UploadState {
  readonly last_attempt: string | null
  readonly last_result: string | null
  /** No post before this time, unless a person asks for one. */
  readonly next_attempt: string | null
  /** How many sessions in a row failed; drives the back-off. */
  readonly failures: number
  /** Files that the collector refused for themselves, and when each is tried again. */
  readonly refused: Readonly<Record<string, string>>
}

export const noUploads: UploadState = {
  last_attempt: null,
  last_result: null,
  next_attempt: null,
  failures: 0,
  refused: {},
}

/** No wait is longer than this: one that claims to be was written under a wrong clock. */
const longestWaitMs = 25 * 60 * 60 * 1000

export function readUploadState(file: string): UploadState {
  const reading = readSmallFile(file, 1024 * 1024)
  if (reading.kind !== 'read') return noUploads
  try {
    const found = JSON.parse(reading.bytes.toString('utf8')) as Partial<UploadState> | null
    return {
      last_attempt: text(found?.last_attempt),
      last_result: text(found?.last_result),
      next_attempt: text(found?.next_attempt),
      failures: Math.max(0, Math.trunc(Number(found?.failures)) || 0),
      refused: Object.fromEntries(
        Object.entries(found?.refused ?? {}).filter(([, until]) => text(until) !== null),
      ),
    }
  } catch {
    return noUploads
  }
}

export function writeUploadState(file: string, uploads: UploadState): void {
  replaceFile(file, `${JSON.stringify(uploads)}\n`)
}

/** Is it too early? A time that cannot be, because the clock has leapt, holds nobody back. */
export function mustWait(until: string | null | undefined, now: number): boolean {
  const time = Date.parse(until ?? '')
  return time > now && time - now <= longestWaitMs
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.length < 200 ? value : null
}
