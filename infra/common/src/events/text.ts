import { isAscii, isUtf8 } from 'node:buffer'

/** Decodes a body. Undefined if it isn't UTF-8. */
export function textOf(body: Buffer): string | undefined {
  if (isAscii(body)) return body.toString('latin1')
  if (!isUtf8(body)) return undefined
  const text = body.toString()
  // A byte order mark is allowed and ignored.
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

export interface Line {
  /** Counted from 1, like an editor. */
  readonly line: number
  readonly text: string
}

/** Splits NDJSON into its non-empty lines. Undefined if there are more than `most`. */
export function linesOf(text: string, most: number): readonly Line[] | undefined {
  const lines: Line[] = []
  let start = 0
  for (let line = 1; start <= text.length; line += 1) {
    const found = text.indexOf('\n', start)
    const end = found === -1 ? text.length : found
    const content = text.slice(start, end).trim()
    if (content !== '') {
      if (lines.length === most) return undefined
      lines.push({ line, text: content })
    }
    start = end + 1
  }
  return lines
}
