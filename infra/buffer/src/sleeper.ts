/** Sleeps that can be cut short. */
export interface Sleeper {
  readonly sleep: (ms: number) => Promise<void>
  /** Ends every sleep now. */
  readonly wake: () => void
}

export function openSleeper(): Sleeper {
  const ends = new Set<() => void>()
  return {
    sleep: (ms) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer)
          ends.delete(end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        ends.add(end)
      }),
    wake: () => {
      for (const end of ends) end()
    },
  }
}
