import type { IncomingMessage } from 'node:http'

import { type Answer, later, refuse, tooLarge } from '../intake/answer.ts'
import type { MemoryBudget } from './memory-budget.ts'

const none = Buffer.alloc(0)
const broken = refuse('http', 'the body broke off')

/** Collects chunks while there is room for them. */
function openCollector(most: number, budget: MemoryBudget) {
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    /** Returns the refusal once the body is too large. */
    put: (chunk: Uint8Array): Answer | undefined => {
      if (size + chunk.length > most) return tooLarge(most)
      if (!budget.take(chunk.length)) return later('busy', 'too much is being sent to us', 1000)
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
      budget.give(size)
      size = 0
      chunks.length = 0
    },
  }
}

/** Reads the body of a Node request. Undefined: the sender is gone. */
export function readNodeBody(
  request: IncomingMessage,
  most: number,
  budget: MemoryBudget,
): Promise<Buffer | Answer | undefined> {
  return new Promise((resolve) => {
    const collector = openCollector(most, budget)
    let open = true
    request.on('data', (chunk: Buffer) => {
      const refusal = open ? collector.put(chunk) : undefined
      if (refusal === undefined) return
      open = false
      collector.discard()
      resolve(refusal)
    })
    request.on('end', () => {
      if (!open) return
      open = false
      resolve(collector.whole())
    })
    request.on('close', () => {
      if (!open) return
      open = false
      collector.discard()
      resolve(undefined)
    })
  })
}

/** Reads the body of a `fetch` request. */
export async function readFetchBody(
  request: Request,
  most: number,
  budget: MemoryBudget,
): Promise<Buffer | Answer> {
  const collector = openCollector(most, budget)
  try {
    for await (const chunk of request.body ?? []) {
      const refusal = collector.put(chunk)
      if (refusal === undefined) continue
      collector.discard()
      return refusal
    }
    return collector.whole()
  } catch {
    collector.discard()
    return broken
  }
}
