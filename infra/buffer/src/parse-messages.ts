import type { Event } from 'runmat-telemetry-common/events/event'
import type { ProductReaders } from 'runmat-telemetry-common/events/products'
import { textOf } from 'runmat-telemetry-common/events/text'

import type { DeadLetterReason } from './dead-letter.ts'
import type { Names } from './names.ts'
import type { StreamMessage } from './stream-message.ts'

export interface Message {
  readonly message: StreamMessage
  readonly event: Event
}

/** A message that no sink gets, and why. */
export interface DeadMessage {
  readonly message: StreamMessage
  readonly reason: DeadLetterReason
}

export interface ParsedMessages {
  readonly valid: readonly Message[]
  /** Published by a stranger, by a newer version, or for a product that we don't know. */
  readonly invalid: readonly DeadMessage[]
  /** Replayed for another sink only. */
  readonly foreign: readonly StreamMessage[]
}

export interface ParseOptions {
  readonly names: Names
  readonly readers: ProductReaders
  readonly sink: string
}

/**
 * The stream holds the contract's own bytes, so parsing changes nothing. Everything is checked all
 * the same: the sinks rely on it, and we aren't the only ones who can publish there.
 */
export function parseMessages(
  messages: readonly StreamMessage[],
  { names, readers, sink }: ParseOptions,
): ParsedMessages {
  const valid: Message[] = []
  const invalid: DeadMessage[] = []
  const foreign: StreamMessage[] = []
  const own = names.again(sink)
  for (const message of messages) {
    if (message.subject !== names.events && message.subject !== own) foreign.push(message)
    else {
      const event = eventIn(message, readers)
      if (typeof event === 'string') invalid.push({ message, reason: event })
      else valid.push({ message, event })
    }
  }
  return { valid, invalid, foreign }
}

function eventIn(
  { data, product }: StreamMessage,
  readers: ProductReaders,
): Event | DeadLetterReason {
  const reader = readers.get(product)
  if (reader === undefined) return 'product'
  const text = textOf(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  if (text === undefined) return 'contract'
  const reading = reader.read(text, reader.kinds)
  return 'event' in reading ? reading.event : 'contract'
}
