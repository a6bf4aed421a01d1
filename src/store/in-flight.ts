import { closeSync, constants, openSync, writeSync } from 'node:fs'
import path from 'node:path'

import { eventContracts } from '../contract/contracts.ts'
import { timestamp } from '../contract/timestamp.ts'
import { readSmallFile, statLink } from '../files/read.ts'
import { privateFile, removeFile } from '../files/write.ts'
import type { Context } from '../settings/context.ts'
import type { Paths } from '../settings/paths.ts'
import { isOwnState } from './foreign.ts'
import { openDoubts } from './ledger.ts'
import { readQueued } from './queued-event.ts'

/** The events that an uploader has sent and has no answer to, also for its successor if it is killed. */
export interface InFlight {
  /** Always true: an event may be sent although this can't be written down. */
  readonly add: (name: string) => true
  /** False if the event was never sent. */
  readonly end: (name: string) => boolean
  /** Without the lock, the file is another uploader's by now. */
  readonly close: (isOurs: boolean) => void
}

const writing =
  constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0)

export function openInFlight({ state }: Pick<Paths, 'state'>, endpoint: string): InFlight {
  const names = new Set<string>()
  let descriptor: number | undefined
  let width = 0
  return {
    add: (name) => {
      names.add(name)
      const text = `${JSON.stringify({ endpoint, names: [...names] })}\n`
      width = Math.max(width, text.length)
      try {
        descriptor ??= openSync(fileIn(state), writing, privateFile)
        writeSync(descriptor, text.padEnd(width), 0)
      } catch {
        // The disk is full. To send what waits there makes room.
      }
      return true
    },
    // Not written down: it is on record by then, and is not noted again.
    end: (name) => names.delete(name),
    close: (isOurs) => {
      if (descriptor === undefined) return
      closeSync(descriptor)
      if (isOurs) removeFile(fileIn(state))
    },
  }
}

/** Puts on record what an uploader was posting when it was killed. The caller knows that none is at work. */
export function noteInFlight(
  { product, environment }: Context,
  { state, queue, ledger }: Pick<Paths, 'state' | 'queue' | 'ledger'>,
): void {
  const file = fileIn(state)
  const begun = statLink(file)
  if (begun === undefined || !isOwnState(state)) return
  const { endpoint, names } = contentOf(file)
  const doubt = openDoubts(ledger, endpoint)
  const contracts = eventContracts(product)
  try {
    for (const name of names) {
      const queued = readQueued(path.join(queue, name), contracts, environment.now())
      if (queued.kind === 'event') doubt(timestamp(begun.mtimeMs), queued.bytes)
    }
    removeFile(file)
  } catch {
    // The ledger can't be written now. The next one tries again.
  }
}

interface Content {
  readonly endpoint: string
  readonly names: readonly string[]
}

const nothing: Content = { endpoint: '', names: [] }

/** Any program may have written it. */
function contentOf(file: string): Content {
  const reading = readSmallFile(file, 64 * 1024, { links: false })
  if (reading.kind !== 'read') return nothing
  try {
    const found = JSON.parse(reading.bytes.toString('utf8')) as Partial<Record<string, unknown>>
    const { endpoint, names } = found
    if (typeof endpoint !== 'string' || !Array.isArray(names)) return nothing
    const texts = names.filter((name): name is string => typeof name === 'string')
    return { endpoint, names: texts.slice(0, most).map((name) => path.basename(name)) }
  } catch {
    return nothing
  }
}

/** More than any uploader posts at once. */
const most = 100

function fileIn(state: string): string {
  return path.join(state, 'in-flight.json')
}
