import { vi } from 'vitest'

/**
 * Waits until the check holds, and says what it came to. However busy the machine: who waits for a
 * condition learns nothing from how long it took.
 */
export function eventually<T>(
  check: () => T | Promise<T>,
  { timeout = 40_000, interval = 20 } = {},
): Promise<T> {
  return vi.waitFor(check, { timeout, interval })
}
