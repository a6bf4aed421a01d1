/** What goes by which name on the servers. All of it begins with the name of the stream. */
export interface Names {
  readonly stream: string
  /** Every event, once, for every sink. */
  readonly events: string
  /** What one sink alone gets once more. */
  readonly again: (sink: string) => string
  /** Where events wait for a person that a sink will not have. */
  readonly deadStream: string
  readonly dead: (sink: string) => string
}

export function namesOf(stream: string): Names {
  return {
    stream,
    events: `${stream}.events`,
    again: (sink) => `${stream}.again.${sink}`,
    deadStream: `${stream}-dead`,
    dead: (sink) => `${stream}.dead.${sink}`,
  }
}
