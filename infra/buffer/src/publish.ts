import {
  createInbox,
  headers as makeHeaders,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from '@nats-io/transport-node'
import type { Trouble } from 'runmat-telemetry-common/sink'

import { causeOfCode } from './trouble.ts'

/** What to store, and the id by which the stream recognises a repeat. */
export interface Publication {
  readonly subject: string
  /** Absent where a repeat does no harm. */
  readonly id?: string
  readonly data: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** `stored`: a quorum of servers has it. */
export type Receipt = 'stored' | Trouble

export interface Publisher {
  /** Settles with one receipt each, in order, once all have arrived or the time is up. Never rejects. */
  readonly publish: (publications: readonly Publication[]) => Promise<readonly Receipt[]>
  /** The connection is lost: nothing pending will be confirmed. */
  readonly lost: () => void
}

interface Batch {
  readonly receipts: Receipt[]
  /** The number of the first publication. */
  readonly first: number
  left: number
  readonly done: () => void
}

const late: Trouble = { cause: 'buffer: no confirmation in time' }
const away: Trouble = { cause: 'buffer: the stream is away' }
const gone: Trouble = { cause: 'buffer: the connection was lost' }
const strange: Trouble = { cause: 'buffer: a confirmation that is none' }

export interface PublisherOptions {
  readonly inbox: string
  readonly stream: string
  readonly deadlineMs: number
}

/**
 * Publishes many at once over one inbox with one deadline. The library's own publish costs a timer and
 * several promises for each event. The caller bounds how many are in flight by waiting for receipts.
 */
export function openPublisher(
  connection: NatsConnection,
  { inbox: prefix, stream, deadlineMs }: PublisherOptions,
): Publisher {
  const inbox = createInbox(prefix)
  const batches = new Map<number, Batch>()
  let next = 0

  const settle = (number: number, receipt: Receipt): void => {
    const batch = batches.get(number)
    if (batch === undefined) return
    batches.delete(number)
    batch.receipts[number - batch.first] = receipt
    batch.left -= 1
    if (batch.left === 0) batch.done()
  }
  connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error === null)
        settle(Number(message.subject.slice(inbox.length + 1)), receiptOf(message))
    },
  })

  const receiptOf = ({ data }: Msg): Receipt => {
    // An empty body is the server's own answer: nothing listens on the subject.
    if (data.length === 0) return away
    try {
      const { stream: by, error } = JSON.parse(Buffer.from(data).toString()) as Acknowledgement
      if (error !== undefined) return { cause: `buffer: ${causeOfCode(error.err_code ?? 0)}` }
      return by === stream || by === `${stream}-dead` || by === `${stream}-erased`
        ? 'stored'
        : strange
    } catch {
      return strange
    }
  }

  const send = ({ subject, data, ...rest }: Publication, number: number): void => {
    connection.publish(subject, data, { reply: `${inbox}.${number}`, headers: headersOf(rest) })
  }

  return {
    publish: (publications) =>
      new Promise((resolve) => {
        const first = next
        next += publications.length
        const settleAll = (receipt: Receipt): void => {
          for (const index of publications.keys()) settle(first + index, receipt)
        }
        const timer = setTimeout(() => settleAll(late), deadlineMs)
        const receipts: Receipt[] = Array.from(publications, () => late)
        const done = (): void => {
          clearTimeout(timer)
          resolve(receipts)
        }
        const batch: Batch = { receipts, first, left: publications.length, done }
        for (const index of publications.keys()) batches.set(first + index, batch)
        if (publications.length === 0) return done()
        try {
          for (const [index, one] of publications.entries()) send(one, first + index)
        } catch {
          settleAll(gone)
        }
      }),
    lost: () => {
      for (const number of batches.keys()) settle(number, gone)
    },
  }
}

interface Acknowledgement {
  readonly stream?: string
  readonly error?: { readonly err_code?: number }
}

function headersOf({ id, headers }: Omit<Publication, 'subject' | 'data'>): MsgHdrs {
  const made = makeHeaders()
  if (id !== undefined) made.set('Nats-Msg-Id', id)
  for (const [name, value] of Object.entries(headers ?? {})) made.set(name, value)
  return made
}
