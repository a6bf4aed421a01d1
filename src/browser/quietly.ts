/** Whatever goes wrong in here, the page goes on and hears nothing of it. */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
