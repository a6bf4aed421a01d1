/** Waits that can be cut short. */
export interface Naps {
  readonly nap: (ms: number) => Promise<void>
  /** Ends all of them. */
  readonly wake: () => void
}

export function openNaps(): Naps {
  const ends = new Set<() => void>()
  return {
    nap: (ms) =>
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
