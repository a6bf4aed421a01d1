import type { Kind } from 'runmat-telemetry/contract'

import type { Event } from '../event.ts'
import { readEvent } from '../reader.ts'
import { textOf } from '../text.ts'
import type { Delivered } from './delivered.ts'
import type { Names } from './names.ts'

interface Mail {
  readonly message: Delivered
  readonly event: Event
}

export interface Sorted {
  readonly mail: readonly Mail[]
  /** No event, as far as we know: of a stranger, or of a version that knows more than this one. */
  readonly strange: readonly Delivered[]
  /** What another sink alone is to have once more. */
  readonly foreign: readonly Delivered[]
}

const kinds: readonly Kind[] = ['usage', 'runtime', 'install']

/**
 * Makes events of what the stream holds. It holds the contract's own bytes, so nothing changes here;
 * they are checked all the same, because the sinks rely on it, and more than we can publish there.
 */
export function sort(messages: readonly Delivered[], names: Names, sink: string): Sorted {
  const mail: Mail[] = []
  const strange: Delivered[] = []
  const foreign: Delivered[] = []
  const own = names.again(sink)
  for (const message of messages) {
    if (message.subject !== names.events && message.subject !== own) foreign.push(message)
    else {
      const event = eventIn(message.data)
      if (event === undefined) strange.push(message)
      else mail.push({ message, event })
    }
  }
  return { mail, strange, foreign }
}

function eventIn({ buffer, byteOffset, byteLength }: Uint8Array): Event | undefined {
  const text = textOf(Buffer.from(buffer, byteOffset, byteLength))
  if (text === undefined) return undefined
  const reading = readEvent(text, kinds)
  return 'event' in reading ? reading.event : undefined
}
