/** Bounds on one event. */
export const limits = {
  /** Ten times the largest event of the contract. */
  bytes: 64 * 1024,
  /** How deep JSON may nest; the contract needs four levels. */
  depth: 32,
} as const
