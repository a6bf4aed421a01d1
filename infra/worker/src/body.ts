import type { IncomingMessage } from 'node:http'

import { type Answer, later, refuse } from './answer.ts'
import type { Held } from './held.ts'

const none = Buffer.alloc(0)
const broken = refuse('http', 'the body broke off')

export function tooLarge(most: number): Answer {
  return refuse('size', `a request may have ${most} bytes`)
}

/** Takes in what comes, as long as there is room. The bytes are held until they are given back. */
function openBasket(most: number, held: Held) {
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    /** Undefined while all is well. */
    put: (chunk: Uint8Array): Answer | undefined => {
      if (size + chunk.length > most) return tooLarge(most)
      if (!held.take(chunk.length)) return later('busy', 'too much is being sent to us', 1000)
      size += chunk.length
      chunks.push(chunk)
      return undefined
    },
    whole: (): Buffer => {
      const [first] = chunks
      if (chunks.length === 1 && Buffer.isBuffer(first)) return first
      return first === undefined ? none : Buffer.concat(chunks, size)
    },
    discard: (): void => {
      held.give(size)
      size = 0
      chunks.length = 0
    },
  }
}

/**
 * Reads the body of a request. Calls back once: with the body, whose length is then held until it
 * is given back; with the answer to one that is too large; with nothing when the sender is gone.
 */
export function receiveBody(
  request: IncomingMessage,
  most: number,
  held: Held,
  done: (result: Buffer | Answer | undefined) => void,
): void {
  const basket = openBasket(most, held)
  let open = true
  request.on('data', (chunk: Buffer) => {
    const refusal = open ? basket.put(chunk) : undefined
    if (refusal === undefined) return
    open = false
    basket.discard()
    done(refusal)
  })
  request.on('end', () => {
    if (!open) return
    open = false
    done(basket.whole())
  })
  request.on('close', () => {
    if (!open) return
    open = false
    basket.discard()
    done(undefined)
  })
}

/** The same for a request as browsers and Next.js know it. */
export async function bodyOf(request: Request, most: number, held: Held): Promise<Buffer | Answer> {
  const basket = openBasket(most, held)
  try {
    for await (const chunk of request.body ?? []) {
      const refusal = basket.put(chunk)
      if (refusal === undefined) continue
      basket.discard()
      return refusal
    }
    return basket.whole()
  } catch {
    basket.discard()
    return broken
  }
}
