/** The characters of a text from `start` up to `end`. */
export interface Range {
  start: number
  end: number
}

/** A range and what comes in its place. */
export interface Splice extends Range {
  text: string
}

export const replace = ({ start, end }: Range, text: string): Splice => ({ start, end, text })

export const insert = (at: number, text: string): Splice => replace({ start: at, end: at }, text)

/** Applies splices that are in order and do not overlap. */
export const apply = (text: string, splices: readonly Splice[]): string => {
  const parts = splices.map((splice, index) => {
    const from = splices[index - 1]?.end ?? 0
    return text.slice(from, splice.start) + splice.text
  })
  return parts.join('') + text.slice(splices.at(-1)?.end ?? 0)
}
