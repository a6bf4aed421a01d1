/** The terminal, or whatever stands in its place. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Is data read by a person at a terminal? */
  readonly outIsTerminal: boolean
  readonly errIsTerminal: () => boolean
  readonly inIsTerminal: () => boolean
  readonly colour: boolean
  /** How many columns there are for text. */
  readonly outWidth: () => number
  readonly errWidth: () => number
  /** All of stdin. */
  readonly input: () => string
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** Text of foreign origin, made safe to show: it may not move the cursor or reorder the line. */
export function printable(text: string): string {
  return text.replace(unprintable, '?')
}

const unprintable =
  // oxlint-disable-next-line no-control-regex -- these are what must not reach the terminal
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
