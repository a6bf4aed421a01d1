import { limits } from './limits.ts'

/** Counts the bytes of all requests that are being read or answered, so that they have a bound. */
export interface Held {
  /** False when there is no room; then nothing was taken. */
  readonly take: (bytes: number) => boolean
  readonly give: (bytes: number) => void
  readonly bytes: () => number
}

export function openHeld(most: number = limits.heldBytes): Held {
  let held = 0
  return {
    take: (bytes) => {
      if (held + bytes > most) return false
      held += bytes
      return true
    },
    give: (bytes) => {
      held -= bytes
    },
    bytes: () => held,
  }
}
