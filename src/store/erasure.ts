import path from 'node:path'

import { eventIdIn } from '../contract/event-id.ts'
import { uuid } from '../contract/values.ts'
import { readSmallFile } from '../files/read.ts'
import { replaceOwnFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { isOwnState } from './foreign.ts'
import { readLedger } from './ledger.ts'
import { parseName, queuedNames } from './queue.ts'

/** A request to erase that the collector has not confirmed yet. */
export interface PendingErasure {
  readonly pending: true
  readonly since: string
  readonly endpoint: string
}

export const erasureFile = ({ state }: Pick<Paths, 'state'>): string =>
  path.join(state, 'erase.json')

/** Null where nothing is to be erased. A file that is damaged still says that something is. */
export function pendingErasure(paths: Pick<Paths, 'state'>): PendingErasure | null {
  const reading = readSmallFile(erasureFile(paths), 16 * 1024)
  if (reading.kind !== 'read') return null
  const { since, endpoint } = saidIn(reading.bytes)
  return { pending: true, since: textOf(since), endpoint: textOf(endpoint) }
}

function saidIn(bytes: Buffer): { readonly since?: unknown; readonly endpoint?: unknown } {
  const found = parsed(bytes)
  return typeof found === 'object' && found !== null ? found : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' && value.length <= 4096 ? value : 'unknown'
}

/** Durable before the first request leaves. The first one asked counts as since when. */
export function notePending(paths: Pick<Paths, 'state'>, at: string, endpoint: string): void {
  if (!isOwnState(paths.state)) throw new Error('the state folder is not ours')
  const since = pendingErasure(paths)?.since ?? at
  replaceOwnFile(erasureFile(paths), `${JSON.stringify({ since, endpoint })}\n`)
}

/** Where events were sent to, besides these places, and how many of them. */
export function sentElsewhere(
  { ledger }: Pick<Paths, 'ledger'>,
  isKnown: (endpoint: string) => boolean,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const { endpoint } of readLedger(ledger, true)) {
    if (isKnown(endpoint)) continue
    found.set(endpoint, (found.get(endpoint) ?? 0) + 1)
  }
  return found
}

/**
 * The events that an erasure of the client id would not reach: those that were sent, or may have been,
 * under another one or none. Throws if the ledger can't be read.
 */
export function eventsOfOthers(
  { ledger, queue }: Pick<Paths, 'ledger' | 'queue'>,
  id: string | undefined,
): readonly string[] {
  const found = new Set<string>()
  const add = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const event = value as Record<string, unknown>
    const client = lower(event['install_id'] ?? event['cid'])
    const name = lower(eventIdIn(event))
    if (id !== undefined && client === id) return
    if (uuid.pattern.test(name)) found.add(name)
  }
  for (const { event } of readLedger(ledger, true)) add(event)
  for (const name of queuedNames(queue)) {
    // Posted, perhaps, by an uploader that never heard the answer.
    const reading = parseName(name) && readSmallFile(path.join(queue, name), 64 * 1024)
    if (reading?.kind === 'read') add(parsed(reading.bytes))
  }
  return [...found]
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Some installers write UUIDs in capitals. */
function lower(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}
