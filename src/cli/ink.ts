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
  /** For what failed, or needs attention. */
  readonly warning: (text: string) => string
  readonly name: (text: string) => string
}

/** Colour only ever repeats what the words say already. */
export async function inkOf(colour: boolean): Promise<Ink> {
  return colour ? (await import('./colours.ts')).colours : colourless
}

const asIs = (text: string): string => text
const colourless: Ink = { strong: asIs, faint: asIs, warning: asIs, name: asIs }
