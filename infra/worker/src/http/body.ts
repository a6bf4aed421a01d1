import type { IncomingMessage } from 'node:http'

import { type Answer, later, refuse, tooLarge } from '../intake/answer.ts'
import { limits } from '../limits.ts'
import type { MemoryBudget, MemoryBudgets } from './memory-budget.ts'

/** How much a sender may send, within what time. */
export interface Allowance {
  readonly bytes: number
  readonly budget: MemoryBudget
  /** Undefined: the server's own limit is enough. */
  readonly ms: number | undefined
}

/** A sender without a key gets little of everything, because anybody can be one. */
export function allowanceFor(
  isKeyless: boolean,
  bytes: number,
  { whole, keyless }: MemoryBudgets,
): Allowance {
  if (!isKeyless) return { bytes, budget: whole, ms: undefined }
  return { bytes, budget: keyless, ms: limits.keylessBody.ms }
}

const none = Buffer.alloc(0)
const broken = refuse('http', 'the body broke off')
const tooMuch = later('busy', 'too much is being sent to us', 1000)
const tooSlow = refuse('timeout', 'that took too long')

/** Returns the refusal if there is no room for so much more. */
function charge(
  length: number,
  { bytes: most, budget }: Allowance,
  soFar: number,
): Answer | undefined {
  if (soFar + length > most) return tooLarge(most)
  return budget.take(length) ? undefined : tooMuch
}

/** Collects chunks while there is room for them. */
function openCollector(allowance: Allowance) {
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    /** Returns the refusal once the body is too large. */
    put: (chunk: Uint8Array): Answer | undefined => {
      const refusal = charge(chunk.length, allowance, size)
      if (refusal !== undefined) return refusal
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
      allowance.budget.give(size)
      size = 0
      chunks.length = 0
    },
  }
}

/** Charges a body that is here already. */
export function takeBody(body: Buffer, allowance: Allowance): Buffer | Answer {
  return charge(body.length, allowance, 0) ?? body
}

/** Reads the body of a Node request. Undefined: the sender is gone. */
export function readNodeBody(
  request: IncomingMessage,
  allowance: Allowance,
): Promise<Buffer | Answer | undefined> {
  return new Promise((resolve) => {
    const collector = openCollector(allowance)
    let open = true
    const end = (result: Buffer | Answer | undefined): void => {
      if (!open) return
      open = false
      clearTimeout(timer)
      if (!Buffer.isBuffer(result)) collector.discard()
      resolve(result)
    }
    const timer = allowance.ms === undefined ? undefined : setTimeout(end, allowance.ms, tooSlow)
    request.on('data', (chunk: Buffer) => {
      const refusal = open ? collector.put(chunk) : undefined
      if (refusal !== undefined) end(refusal)
    })
    request.on('end', () => open && end(collector.whole()))
    request.on('close', () => end(undefined))
  })
}

/** Reads the body of a `fetch` request. */
export async function readFetchBody(
  request: Request,
  allowance: Allowance,
): Promise<Buffer | Answer> {
  const collector = openCollector(allowance)
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
