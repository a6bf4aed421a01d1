import { type Event, everyKind } from 'runmat-telemetry-common/events/event'
import { readEvent } from 'runmat-telemetry-common/events/reader'
import { textOf } from 'runmat-telemetry-common/events/text'

import type { Names } from './names.ts'
import type { StreamMessage } from './stream-message.ts'

export interface Message {
  readonly message: StreamMessage
  readonly event: Event
}

export interface ParsedMessages {
  readonly valid: readonly Message[]
  /** Not an event of this version: published by a stranger, or by a newer version. */
  readonly invalid: readonly StreamMessage[]
  /** Replayed for another sink only. */
  readonly foreign: readonly StreamMessage[]
}

/**
 * The stream holds the contract's own bytes, so parsing changes nothing. Everything is checked all
 * the same: the sinks rely on it, and we aren't the only ones who can publish there.
 */
export function parseMessages(
  messages: readonly StreamMessage[],
  names: Names,
  sink: string,
): ParsedMessages {
  const valid: Message[] = []
  const invalid: StreamMessage[] = []
  const foreign: StreamMessage[] = []
  const own = names.again(sink)
  for (const message of messages) {
    if (message.subject !== names.events && message.subject !== own) foreign.push(message)
    else {
      const event = eventIn(message.data)
      if (event === undefined) invalid.push(message)
      else valid.push({ message, event })
    }
  }
  return { valid, invalid, foreign }
}

function eventIn({ buffer, byteOffset, byteLength }: Uint8Array): Event | undefined {
  const text = textOf(Buffer.from(buffer, byteOffset, byteLength))
  if (text === undefined) return undefined
  const reading = readEvent(text, everyKind)
  return 'event' in reading ? reading.event : undefined
}
