import { closeSync, constants, openSync } from 'node:fs'
import path from 'node:path'

import { eventContracts, recognise } from '../contract/contracts.ts'
import { isUnread, type Reading, readSmallFile, UnreadError } from '../files/read.ts'
import { sightingOf } from '../files/snapshot.ts'
import { directly, privateFile, putFile, removeFile, writeFully } from '../files/write.ts'
import type { Context } from '../settings/context.ts'
import type { Paths } from '../settings/paths.ts'
import { isOwnState } from './foreign.ts'
import { openDoubts } from './ledger.ts'
import { looksWhole, parseLine } from './ledger-lines.ts'
import { isOlder, localClock } from './lock-holder.ts'
import { orphanMs } from './orphans.ts'
import { queueLimits } from './queue.ts'

/**
 * The events that an uploader has sent and that are not on record yet, also for its successor if it is
 * killed. They are kept whole: their files may be gone by then.
 */
export interface InFlight {
  /** Takes the line for the ledger, right before the event is sent. Throws if it can't be written down. */
  readonly add: (name: string, line: string) => void
  /** Was it sent? */
  readonly has: (name: string) => boolean
  /** It is on record. */
  readonly end: (name: string) => void
  /** Without the lock, the file is another uploader's by now. */
  readonly close: (isOurs: boolean) => void
}

const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | directly

/** What ends stays in the file until that is so large. It is on record, and is not noted again. */
const mostBytes = 256 * 1024

/** `port`: to which the connections lead. */
export function openInFlight({ state }: Pick<Paths, 'state'>, port: number | undefined): InFlight {
  const file = fileIn(state)
  const lines = new Map<string, string>()
  let descriptor: number | undefined
  let size = 0
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }
  const head = `${JSON.stringify({ port })}\n`
  const append = (line: string): void => {
    const text = descriptor === undefined && size === 0 ? head + line : line
    descriptor ??= openSync(file, appending, privateFile)
    writeFully(descriptor, text)
    size += Buffer.byteLength(text)
  }
  const shorten = (): void => {
    const text = [head, ...lines.values()].join('')
    close()
    putFile(file, text, false)
    size = Buffer.byteLength(text)
  }
  return {
    add: (name, line) => {
      if (size > mostBytes) shorten()
      append(line)
      lines.set(name, line)
    },
    has: (name) => lines.has(name),
    end: (name) => void lines.delete(name),
    close: (isOurs) => {
      const wasOpen = descriptor !== undefined
      close()
      if (wasOpen && isOurs && lines.size === 0) removeFile(file)
    },
  }
}

/**
 * Puts on record what an uploader was posting when it was killed. The caller knows that none is at work.
 * Throws if that can't be read or written now. It stays for the next one then, as it does if `isKept`.
 */
export function noteInFlight(
  { product }: Pick<Context, 'product'>,
  { state, ledger }: Pick<Paths, 'state' | 'ledger'>,
  { isKept = false }: { readonly isKept?: boolean } = {},
): void {
  const file = fileIn(state)
  const { trace } = sightingOf(file)
  if (trace === '' || !isOwnState(state)) return
  const reading = readNote(file)
  if (isUnread(reading)) throw new UnreadError(`Cannot read ${file} at this moment.`)
  const text = reading.kind === 'read' ? reading.bytes.toString('utf8') : ''
  const contracts = eventContracts(product)
  const doubt = openDoubts(ledger)
  // Any program may have written it.
  for (const { sent_at: sentAt, endpoint, event } of text.split('\n').flatMap(wholeLine)) {
    const bytes = recognise(contracts, JSON.stringify(event))
    if (bytes !== undefined) doubt({ sentAt, endpoint, via: 'http', confirmed: false }, bytes)
  }
  // If it has changed, another uploader is at work by now.
  if (!isKept && sightingOf(file).trace === trace) removeFile(file)
}

/** To which port an uploader was posting that was killed not long ago, or is at work. */
export function portInFlight({ state }: Pick<Paths, 'state'>): number | undefined {
  const file = fileIn(state)
  const reading = readNote(file)
  if (reading.kind !== 'read' || isOlder(file, orphanMs, 'mtimeMs', localClock)) return undefined
  const [, port] = /^\{"port":(\d{1,5})\}\n/.exec(reading.bytes.toString('latin1', 0, 20)) ?? []
  return port === undefined ? undefined : Number(port)
}

function readNote(file: string): Reading {
  return readSmallFile(file, mostBytes + queueLimits.bytes, { links: false })
}

function wholeLine(line: string) {
  return looksWhole(line) ? parseLine(line) : []
}

function fileIn(state: string): string {
  return path.join(state, 'in-flight.ndjson')
}
