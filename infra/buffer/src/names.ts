/** Names on the servers. All begin with the stream's name. */
export interface Names {
  readonly stream: string
  /** Every event, once, for every sink. */
  readonly events: string
  /** Events replayed for one sink only. */
  readonly again: (sink: string) => string
  /** Keeps what a sink refuses until an operator looks at it. */
  readonly deadStream: string
  readonly dead: (sink: string) => string
  /** Keeps the tombstones of those who asked to be erased. */
  readonly erasedStream: string
  readonly erased: string
}

export function namesOf(stream: string): Names {
  return {
    stream,
    events: `${stream}.events`,
    again: (sink) => `${stream}.again.${sink}`,
    deadStream: `${stream}-dead`,
    dead: (sink) => `${stream}.dead.${sink}`,
    erasedStream: `${stream}-erased`,
    erased: `${stream}.erased`,
  }
}

/** No sink has this name. What is published under it only fills block files: see fill-blocks.ts. */
export const filler = 'filler'
