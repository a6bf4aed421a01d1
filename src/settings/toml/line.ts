export const lineNumber = (text: string, at: number): number => text.slice(0, at).split('\n').length

export const lineStart = (text: string, at: number): number =>
  text.slice(0, at).lastIndexOf('\n') + 1

/** The offset of the line ending, or of the end of the text. */
export const lineEnd = (text: string, at: number): number => at + text.slice(at).search(/\r?\n|$/)

/** What stands on the line before the offset: the indentation, if that is where a key starts. */
export const before = (text: string, at: number): string => text.slice(lineStart(text, at), at)

/** The line ending at the offset, or '' at the end of the text. */
export const endingAt = (text: string, at: number): string =>
  /^\r?\n/.exec(text.slice(at))?.[0] ?? ''

/** The line ending for a new line at the offset: the one found there, else the text's last one. */
export const newline = (text: string, at: number): string =>
  endingAt(text, at) || (text.match(/\r?\n/g)?.at(-1) ?? '\n')

export const isBlank = (text: string): boolean => /^[ \t]*$/.test(text)
