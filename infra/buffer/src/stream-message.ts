import type { StoredMsg } from '@nats-io/jetstream'
import { type Msg, nanos } from '@nats-io/transport-node'

import { productIn } from './product-header.ts'

/** A message that the stream delivered to us, and the answers it takes. */
export interface StreamMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** The id of the product that its event is about. */
  readonly product: string
  /** Its position in the stream. */
  readonly sequence: number
  /** How often it has been delivered, including this time. */
  readonly deliveries: number
  readonly ack: () => void
  /** Hands it back, to be delivered again to any process after that time. */
  readonly nak: (afterMs: number) => void
  /** Extends the time we have to answer. */
  readonly working: () => void
}

/**
 * The reply subject says it all: `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.…`, with a domain
 * and an account before the stream on newer servers. The library has this too, but only for
 * messages that its own `fetch` and `consume` return.
 */
export function streamMessageOf(message: Msg): StreamMessage {
  const tokens = (message.reply ?? '').split('.')
  const shift = tokens.length > 9 ? 2 : 0
  const answer = (word: string): void => {
    // Without a connection there is no answer. The event is delivered again and keeps its identity.
    try {
      message.respond(word)
    } catch {}
  }
  return {
    subject: message.subject,
    data: message.data,
    product: productIn(message.headers),
    sequence: Number(tokens[5 + shift]),
    deliveries: Number(tokens[4 + shift]),
    ack: () => answer('+ACK'),
    // The server takes whole numbers only, and else delivers it again at once.
    nak: (afterMs) => answer(`-NAK ${JSON.stringify({ delay: nanos(Math.ceil(afterMs)) })}`),
    working: () => answer('+WPI'),
  }
}

/** A message that was read from the stream itself, which waits for no answer. */
export function storedMessageOf(
  { subject, data, header, seq }: StoredMsg,
  done: () => void,
): StreamMessage {
  return {
    subject,
    data,
    product: productIn(header),
    sequence: seq,
    deliveries: 1,
    ack: done,
    nak: () => undefined,
    working: () => undefined,
  }
}
