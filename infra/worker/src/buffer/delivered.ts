import { type Msg, nanos } from '@nats-io/transport-node'

/** An event that the stream handed to us, and the ways to answer for it. */
export interface Delivered {
  readonly subject: string
  readonly data: Uint8Array
  /** Its place in the stream. */
  readonly sequence: number
  /** How often it has been handed out, this time included. */
  readonly deliveries: number
  /** Done with it. */
  readonly ack: () => void
  /** Not done: to be handed out again, to anybody, after so long. */
  readonly nak: (afterMs: number) => void
  /** Still at it. */
  readonly working: () => void
}

/**
 * The reply subject says all there is to know: `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.…`,
 * with a domain and an account before the stream where a newer server puts them.
 */
export function deliveredOf(message: Msg): Delivered {
  const tokens = (message.reply ?? '').split('.')
  const shift = tokens.length > 9 ? 2 : 0
  const answer = (word: string): void => {
    // Without a connection it cannot be said; then the event comes again, and is the same one.
    try {
      message.respond(word)
    } catch {}
  }
  return {
    subject: message.subject,
    data: message.data,
    sequence: Number(tokens[5 + shift]),
    deliveries: Number(tokens[4 + shift]),
    ack: () => answer('+ACK'),
    nak: (afterMs) => answer(`-NAK ${JSON.stringify({ delay: nanos(afterMs) })}`),
    working: () => answer('+WPI'),
  }
}
