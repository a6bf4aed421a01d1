/** The terminal, or whatever stands in its place. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Is data read by a person at a terminal? */
  readonly outIsTerminal: boolean
  readonly errIsTerminal: () => boolean
  readonly inIsTerminal: () => boolean
  readonly colour: boolean
  /** All of stdin. */
  readonly input: () => string
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** https://no-color.org, https://force-color.org */
export function wantsColour(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  return isTerminal && env['TERM'] !== 'dumb'
}

export interface Ink {
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly good: (text: string) => string
  readonly name: (text: string) => string
}

/** Colour only ever repeats what the words say already. */
export async function inkOf(colour: boolean): Promise<Ink> {
  return colour ? (await import('./colours.ts')).colours : colourless
}

const asIs = (text: string): string => text
const colourless: Ink = { strong: asIs, faint: asIs, good: asIs, name: asIs }

/** Text of foreign origin, made safe to show: it may not move the cursor or reorder the line. */
export function printable(text: string): string {
  return text.replace(unprintable, '?')
}

const unprintable =
  // oxlint-disable-next-line no-control-regex -- these are what must not reach the terminal
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
