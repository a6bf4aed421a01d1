import { timestamp } from '../contract/timestamp.ts'
import { causeOf } from '../files/errors.ts'
import type { Context } from '../settings/context.ts'
import { portTo } from '../settings/proxy.ts'
import { openInFlight } from '../store/in-flight.ts'
import { noteSent, openDoubts } from '../store/ledger.ts'
import { lineOf, type Sending } from '../store/ledger-lines.ts'
import type { Backlog } from './backlog.ts'

/** Keeps on record what an uploader sends, even if it is killed. */
export interface Records {
  /** To be called right before an event is sent. False if that can't be written down: it must not leave. */
  readonly begin: (name: string, bytes: string) => boolean
  /** Settles once the event is in the ledger and out of the queue. */
  readonly confirm: (name: string, bytes: string) => Promise<void>
  /** It was not confirmed, if it was sent at all. */
  readonly doubt: (name: string, bytes: string) => void
  /** Why no more can be put on record. */
  readonly fault: () => string | undefined
  /** What the ledger could not take stays noted for the next uploader. */
  readonly close: (isOurs: boolean) => void
}

export function openRecords(
  { paths, environment }: Context,
  endpoint: string,
  { done }: Backlog,
): Records {
  const sent = openInFlight(paths, portTo(endpoint, environment.env))
  const addDoubt = openDoubts(paths.ledger)
  let confirmed: { name: string; bytes: string; settled: () => void }[] = []
  let fault: string | undefined

  const sending = (isConfirmed: boolean): Sending => {
    const sentAt = timestamp(environment.now())
    return { sentAt, endpoint, via: 'http', confirmed: isConfirmed }
  }
  const couldWrite = (write: () => void): boolean => {
    try {
      write()
      return true
    } catch (error) {
      const { path: file = paths.ledger } = error as NodeJS.ErrnoException
      fault = `cannot write ${file}: ${causeOf(error)}`
      return false
    }
  }
  /** Events that are confirmed at about the same time are written together. */
  const writeDown = (): void => {
    const batch = confirmed
    confirmed = []
    const now = sending(true)
    const note = () => noteSent(paths.ledger, now, ...batch.map(({ bytes }) => bytes))
    const isNoted = succeeds(note)
    // Sending it again because the ledger could not be written would be worse.
    for (const { name } of batch) done(name)
    // If the disk was full, there is room now.
    const isOnRecord = isNoted || couldWrite(note)
    for (const { name, settled } of batch) {
      if (isOnRecord) sent.end(name)
      settled()
    }
  }
  return {
    begin: (name, bytes) =>
      fault === undefined && couldWrite(() => sent.add(name, lineOf(sending(false), bytes))),
    confirm: (name, bytes) =>
      new Promise((settled) => {
        if (confirmed.push({ name, bytes, settled }) === 1) setImmediate(writeDown)
      }),
    doubt: (name, bytes) => {
      if (sent.has(name) && couldWrite(() => addDoubt(sending(false), bytes))) sent.end(name)
    },
    fault: () => fault,
    close: sent.close,
  }
}

function succeeds(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
