export type Facts = Readonly<Record<string, unknown>>

export interface Log {
  readonly info: (message: string, facts?: Facts) => void
  readonly warn: (message: string, facts?: Facts) => void
  readonly error: (message: string, facts?: Facts) => void
}

/** Writes JSON lines with pino's levels. Callers never pass an address, a key or an event. */
export function makeLog(write: (line: string) => void, now: () => number): Log {
  const at =
    (level: number) =>
    (msg: string, facts: Facts = {}): void =>
      write(`${JSON.stringify({ level, time: new Date(now()).toISOString(), ...facts, msg })}\n`)
  return { info: at(30), warn: at(40), error: at(50) }
}
