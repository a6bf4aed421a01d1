import { limits } from '../limits.ts'

/** Bounds the bytes of all requests that are being read or answered. */
export interface MemoryBudget {
  /** False if there is no room; then nothing was taken. */
  readonly take: (bytes: number) => boolean
  readonly give: (bytes: number) => void
  readonly bytes: () => number
}

export function openMemoryBudget(most: number = limits.heldBytes): MemoryBudget {
  let taken = 0
  return {
    take: (bytes) => {
      if (taken + bytes > most) return false
      taken += bytes
      return true
    },
    give: (bytes) => {
      taken -= bytes
    },
    bytes: () => taken,
  }
}
