import { appendFileSync } from 'node:fs'
import path from 'node:path'

import { look } from '../files/read.ts'
import { readSmallFile } from '../files/read.ts'
import { makeFolder, replaceFile } from '../files/write.ts'

/** One event that the collector confirmed, as it was sent. */
export interface Sent {
  readonly sent_at: string
  readonly endpoint: string
  readonly event: unknown
  /** Which way it took; absent in lines of older versions, which only knew posts. */
  readonly via?: 'http' | 'udp' | 'installer'
  /** False where nobody answered that it arrived. */
  readonly confirmed?: boolean
}

/** Grown past `most`, the ledger keeps its newest `keep` bytes. */
const limits = { most: 2 * 1024 * 1024, keep: 1024 * 1024 } as const

/** Opens the ledger for the one process that holds the upload lock. */
export function openLedger(
  file: string,
): (sentAt: string, endpoint: string, events: readonly string[]) => void {
  makeFolder(path.dirname(file))
  endLastLine(file)
  let size = look(file)?.size ?? 0
  return (sentAt, endpoint, events) => {
    size += noteSent(file, { sentAt, endpoint, via: 'http', confirmed: true }, ...events)
    if (size > limits.most) size = cutBack(file)
  }
}

/** How events left this machine, and whether the collector has confirmed them. */
export interface Departure {
  readonly sentAt: string
  readonly endpoint: string
  readonly via: 'http' | 'udp' | 'installer'
  readonly confirmed: boolean
}

/** Adds a line for each event in one go, also while others do; says how long that is. */
export function noteSent(
  file: string,
  { sentAt, endpoint, via, confirmed }: Departure,
  ...events: readonly string[]
): number {
  // An event goes in as the bytes that were sent, not as a copy that was taken apart and put
  // together again.
  const to = JSON.stringify(endpoint)
  const how = `"via":"${via}","confirmed":${confirmed}`
  const head = `{"sent_at":"${sentAt}","endpoint":${to},${how},"event":`
  const lines = events.map((bytes) => `${head}${bytes}}\n`).join('')
  appendFileSync(file, lines, { mode: 0o600 })
  return Buffer.byteLength(lines)
}

/** What was sent, newest first. A line cut short by a crash is passed over. */
export function readLedger(file: string): readonly Sent[] {
  return ledgerLines(file).flatMap(parseLine).toReversed()
}

export function countSent(file: string): { readonly events: number; readonly last: string | null } {
  const lines = ledgerLines(file)
  const last = lines.findLast((line) => parseLine(line).length > 0)
  return { events: lines.length, last: last ? (parseLine(last)[0]?.sent_at ?? null) : null }
}

/** A crash may have cut the last line short; the next must not be glued to it. */
function endLastLine(file: string): void {
  const reading = readSmallFile(file, 2 * limits.most)
  if (reading.kind === 'read' && reading.bytes.length > 0 && reading.bytes.at(-1) !== 10) {
    appendFileSync(file, '\n')
  }
}

function cutBack(file: string): number {
  const reading = readSmallFile(file, 2 * limits.most)
  const bytes = reading.kind === 'read' ? reading.bytes : Buffer.of()
  const kept = bytes.subarray(bytes.indexOf('\n', bytes.length - limits.keep) + 1)
  replaceFile(file, kept)
  return kept.length
}

function ledgerLines(file: string): readonly string[] {
  const reading = readSmallFile(file, 2 * limits.most)
  if (reading.kind !== 'read') return []
  const lines = reading.bytes.toString('utf8').split('\n')
  return lines.filter((line) => line !== '')
}

function parseLine(line: string): readonly Sent[] {
  try {
    const entry = JSON.parse(line) as Sent | null
    return typeof entry?.sent_at === 'string' && typeof entry.endpoint === 'string' ? [entry] : []
  } catch {
    return []
  }
}
