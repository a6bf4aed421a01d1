import { parse, TomlError } from 'smol-toml'

/** Text that is not TOML, or more than is read here. */
export class TomlFault extends Error {
  override readonly name = 'TomlFault'
  /** Both are counted from 1. */
  readonly line: number
  readonly column: number
  /** The line and its neighbours, with a caret below the spot. */
  readonly excerpt: string
  /** Other parsers may take the text. */
  readonly isOursAlone: boolean

  constructor(message: string, text: string, at: number, isOursAlone = false) {
    super(message)
    this.isOursAlone = isOursAlone
    this.line = lineAt(text, at)
    this.column = at - text.slice(0, at).lastIndexOf('\n')
    this.excerpt = excerptOf(text, at, this)
  }
}

/** The number of the line with that offset. */
export function lineAt(text: string, at: number): number {
  let line = 1
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', end + 1))
    line += 1
  return line
}

/** As much as the parser reads in no noticeable time. */
const short = 4096

/**
 * What the parser says of the statement that begins at `start` and can't be read on from `at`. It takes some
 * dates that are none, and then would read on, to the end of the file.
 */
export function faultIn(text: string, start: number, at: number): TomlFault {
  if (at - start <= short) {
    const end = at + short
    try {
      // Behind a line, because at the beginning the parser skips a mark.
      parse(`\n${text.slice(start, end)}`, { integersAsBigInt: 'asNeeded' })
    } catch (error) {
      const fault = error instanceof TomlError ? relocated(error, text, start) : undefined
      if (fault && (end >= text.length || fault.line < lineAt(text, end))) return fault
    }
  }
  return new TomlFault('invalid value', text, at)
}

/** The same, counted from the beginning of the text. */
function relocated({ message, line, column }: TomlError, text: string, start: number): TomlFault {
  const [first = ''] = message.replace(/^Invalid TOML document: /, '').split('\n')
  let lineStart = start
  for (let behind = line; behind > 2; behind -= 1) lineStart = text.indexOf('\n', lineStart) + 1
  return new TomlFault(first, text, lineStart + column - 1)
}

function excerptOf(text: string, at: number, { line, column }: TomlFault): string {
  const start = at - column + 1
  const first = Math.max(1, line - 1)
  const from = first === line ? start : text.slice(0, start - 1).lastIndexOf('\n') + 1
  const lines = text.slice(from).split(/\r?\n/, line - first + 2)
  const width = String(line + 1).length
  const shown = lines.map((content, index) => {
    if (content === '') return ''
    const number = first + index
    const caret = number === line ? `${' '.repeat(width + column + 2)}^\n` : ''
    return `${String(number).padEnd(width)}:  ${content}\n${caret}`
  })
  return shown.join('')
}
