import type { Io } from './io.ts'
import { readableWidth, wrap } from './words.ts'

type Lines = readonly string[]

/** How wide running text may be; in files and pipes as wide as reads well. */
export function textWidth(io: Pick<Io, 'outIsTerminal' | 'outWidth'>): number {
  return io.outIsTerminal ? io.outWidth() : readableWidth
}

/** The frame of a question takes some of the columns. */
export function questionWidth(io: Pick<Io, 'outWidth'>): number {
  return io.outWidth() - 4
}

/** For the frame of a question or menu, which counts columns even where all lines are short. */
export function foldQuestion(lines: Lines, io: Pick<Io, 'outWidth'>): Lines {
  return fold(lines, questionWidth(io))
}

/**
 * Breaks what is wider than the terminal at its spaces. Text in files and pipes keeps its lines,
 * for programs that look for them. The terminal is asked for its width only where a line could be
 * too wide, because that loads a stream.
 */
export function foldOut(
  lines: Lines,
  io: Pick<Io, 'outIsTerminal' | 'outWidth'>,
  hanging = '',
): Lines {
  return io.outIsTerminal && couldBeTooWide(lines) ? fold(lines, io.outWidth(), hanging) : lines
}

export function foldErr(lines: Lines, io: Pick<Io, 'errIsTerminal' | 'errWidth'>): Lines {
  return couldBeTooWide(lines) && io.errIsTerminal() ? fold(lines, io.errWidth()) : lines
}

function couldBeTooWide(lines: Lines): boolean {
  return lines.some((line) => visible(line).length > readableWidth)
}

function fold(lines: Lines, width: number, hanging = ''): Lines {
  return lines.flatMap((text) => text.split('\n')).flatMap((line) => folded(line, width, hanging))
}

/** Continuation lines stand two columns further in, where the first one stands in, too, or hangs. */
function folded(line: string, width: number, hanging: string): Lines {
  if (visible(line).length <= width || isExcerpt(line)) return [line]
  const [margin = ''] = /^ */.exec(line) ?? []
  const [first = '', ...others] = wrap(line.trimStart(), margin, width, visible)
  if (margin + hanging === '' || others.length === 0) return [first, ...others]
  const rest = others.map((one) => one.trimStart()).join(' ')
  return [first, ...wrap(rest, `${margin}  `, width, visible)]
}

/** A line of a settings file stays as it is, so that the caret below points at the right column. */
function isExcerpt(line: string): boolean {
  return /^ +\d+:| +\^/.test(line)
}

/** Without the sequences that set colours. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- colours begin with an escape
  return text.replaceAll(/\u001b\[\d+m/g, '')
}
