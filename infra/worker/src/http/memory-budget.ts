import { limits } from '../limits.ts'

/** Bounds the bytes of all requests that are being read or answered. */
export interface MemoryBudget {
  /** False if there is no room; then nothing was taken. */
  readonly take: (bytes: number) => boolean
  readonly give: (bytes: number) => void
  readonly bytes: () => number
}

/** The budget of senders without a key is a share of the whole, so that they can't use all of it. */
export interface MemoryBudgets {
  readonly whole: MemoryBudget
  readonly keyless: MemoryBudget
}

export function openMemoryBudgets(): MemoryBudgets {
  const whole = openMemoryBudget(limits.heldBytes)
  return { whole, keyless: openMemoryBudget(limits.keylessBody.heldBytes, whole) }
}

function openMemoryBudget(most: number, whole?: MemoryBudget): MemoryBudget {
  let taken = 0
  return {
    take: (bytes) => {
      if (taken + bytes > most || whole?.take(bytes) === false) return false
      taken += bytes
      return true
    },
    give: (bytes) => {
      taken -= bytes
      whole?.give(bytes)
    },
    bytes: () => taken,
  }
}
