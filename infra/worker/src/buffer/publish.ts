import {
  createInbox,
  headers as makeHeaders,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from '@nats-io/transport-node'

import type { Trouble } from '../sinks/sink.ts'
import { causeOfCode } from './fault.ts'

/** What is to be stored, and the identity by which the stream knows it again. */
export interface Letter {
  readonly subject: string
  readonly id: string
  readonly data: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** `stored`: a quorum of the servers has it. */
export type Receipt = 'stored' | Trouble

export interface Publisher {
  /** One receipt for each, in order, when all are there or the time is over. Never rejects. */
  readonly publish: (letters: readonly Letter[]) => Promise<readonly Receipt[]>
  /** Nobody will confirm any more what has no receipt yet. */
  readonly lost: () => void
}

interface Batch {
  readonly receipts: Receipt[]
  /** The number of the first letter. */
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
 * Publishes many at once over one inbox and with one deadline: a request for each, as the library
 * makes it, costs a timer and several promises an event. How many are under way is up to the
 * caller, who waits for the receipts.
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
    // Without a body it is the server itself that answers: nobody listens.
    if (data.length === 0) return away
    try {
      const { stream: by, error } = JSON.parse(Buffer.from(data).toString()) as Acknowledgement
      if (error !== undefined) return { cause: `buffer: ${causeOfCode(error.err_code ?? 0)}` }
      return by === stream || by === `${stream}-dead` ? 'stored' : strange
    } catch {
      return strange
    }
  }

  const send = ({ subject, data, ...letter }: Letter, number: number): void => {
    connection.publish(subject, data, { reply: `${inbox}.${number}`, headers: headersOf(letter) })
  }

  return {
    publish: (letters) =>
      new Promise((resolve) => {
        const first = next
        next += letters.length
        const settleAll = (receipt: Receipt): void => {
          for (const index of letters.keys()) settle(first + index, receipt)
        }
        const timer = setTimeout(() => settleAll(late), deadlineMs)
        const receipts: Receipt[] = Array.from(letters, () => late)
        const done = (): void => {
          clearTimeout(timer)
          resolve(receipts)
        }
        const batch: Batch = { receipts, first, left: letters.length, done }
        for (const index of letters.keys()) batches.set(first + index, batch)
        if (letters.length === 0) return done()
        try {
          for (const [index, letter] of letters.entries()) send(letter, first + index)
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

function headersOf({ id, headers }: Omit<Letter, 'subject' | 'data'>): MsgHdrs {
  const made = makeHeaders()
  made.set('Nats-Msg-Id', id)
  for (const [name, value] of Object.entries(headers ?? {})) made.set(name, value)
  return made
}
