/** What the name of a queued event tells, so that nobody has to open or even look at the file. */
export interface EventName {
  readonly sequence: number
  /** When it was queued, in milliseconds. */
  readonly at: number
  readonly bytes: number
  readonly id: string
}

const form = /^(\d{12})-(\d{14})-(\d{7})-([0-9a-f-]{36})\.json$/

/** The sequence comes first: names sort in the order of creation, even when the clock jumps. */
export function nameOf({ sequence, at, bytes, id }: EventName): string {
  return `${padded(sequence, 12)}-${padded(at, 14)}-${padded(bytes, 7)}-${id}.json`
}

/** Undefined for a name that another program gave. */
export function parseName(name: string): EventName | undefined {
  const [, sequence, at, bytes, id] = form.exec(name) ?? []
  if (id === undefined) return undefined
  return { sequence: Number(sequence), at: Number(at), bytes: Number(bytes), id }
}

function padded(value: number, width: number): string {
  return String(Math.max(0, value)).padStart(width, '0')
}
