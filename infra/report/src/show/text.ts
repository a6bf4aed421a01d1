import type { ReportError } from '../error.ts'
import type { Answers } from './answers.ts'
import { coverageLine } from './heading.ts'
import { type Column, type Segment, type Table, tableOf, type Tone } from './table.ts'

export interface Look {
  readonly width: number
  readonly colour: boolean
}

const narrowest = 60
const widest = 200

export function widthOf(columns: number | undefined): number {
  return Math.min(widest, Math.max(narrowest, columns ?? 80))
}

export function textOf(answers: Answers, look: Look): string {
  const heading =
    answers.release === undefined ? answers.title : `${answers.title} ${answers.release}`
  const parts = [
    strong(printable(heading), look),
    ...wrap(coverageLine(answers.coverage), look.width),
  ]
  const tables = answers.answers.map((answer) => tableOf(answer, answers))
  const others = (answers.compared?.answers ?? []).map((answer) => tableOf(answer, answers))
  const compared =
    answers.compared === undefined
      ? []
      : ['', strong(`Release ${printable(answers.compared.release)}`, look)]
  return [
    ...parts,
    ...tables.flatMap((table) => linesOf(table, look)),
    ...compared,
    ...others.flatMap((table) => linesOf(table, look)),
    '',
  ].join('\n')
}

function linesOf(table: Table, look: Look): readonly string[] {
  const head = ['', strong(table.title, look), ...wrap(table.note, look.width)]
  if (table.rows.length === 0) return [...head, '  (none)']
  const all = table.rows.map((row) => row.cells.map(printable))
  const natural = table.columns.map(({ label }, at) =>
    Math.max(label.length, ...all.map((row) => width(row[at] ?? ''))),
  )
  const kept = columnsThatFit(table.columns, natural, look.width)
  const columns = kept.map((at) => table.columns[at] as Column)
  const cells = all.map((row) => kept.map((at) => row[at] ?? ''))
  const labels = columns.map(({ label }) => label)
  const widths = fit(
    kept.map((at) => natural[at] ?? 0),
    columns.map(({ isNumber }) => isNumber),
    look.width,
  )
  const used = widths.reduce((sum, one) => sum + one + 2, 0)
  const room = Math.min(40, look.width - used)
  const line = (row: readonly string[]) =>
    row.map((text, at) => pad(text, widths[at] ?? 0, columns[at]?.isNumber === true)).join('  ')
  return [
    ...head,
    faint(line(labels).trimEnd(), look),
    ...cells.map((row, at) => {
      const bar = room < 8 ? '' : barOf(table.rows[at]?.bar ?? [], room, look)
      return `${line(row)}${bar === '' ? '' : `  ${bar}`}`.trimEnd()
    }),
    ...(table.more === '' ? [] : [faint(table.more, look)]),
  ]
}

/**
 * Leaves optional columns out, the last one first, until the line is short enough: figures before
 * names are cut, and names before the row's own name is cut so short that it says nothing.
 */
function columnsThatFit(
  columns: readonly Column[],
  widths: readonly number[],
  room: number,
): readonly number[] {
  const kept = columns.map((_, at) => at)
  const leaveOut = (isNumber: boolean, shortestOf: (at: number) => number) => {
    for (;;) {
      const least = kept.reduce((sum, at) => {
        const full = widths[at] ?? 0
        return sum + (columns[at]?.isNumber ? full : Math.min(full, shortestOf(at))) + 2
      }, -2)
      const last = kept.findLastIndex(
        (at) => columns[at]?.isOptional === true && columns[at].isNumber === isNumber,
      )
      if (least <= room || last === -1) return
      kept.splice(last, 1)
    }
  }
  leaveOut(true, () => 16)
  leaveOut(false, (at) => (at === 0 ? 24 : enough))
  return kept
}

/** To this length, names give way before the row's own. */
const enough = 8

/** Names give way where the line is too short, the row's own last; figures never do. */
function fit(widths: number[], isNumber: readonly boolean[], room: number): readonly number[] {
  const least = 4
  for (;;) {
    const over = widths.reduce((sum, one) => sum + one + 2, -2) - room
    if (over <= 0) return widths
    let longest = -1
    for (const [at, one] of widths.entries()) {
      const isLast =
        at === 0 &&
        widths.some((other, next) => next > 0 && isNumber[next] !== true && other > enough)
      if (isNumber[at] === true || isLast || one <= least) continue
      if (longest === -1 || one > (widths[longest] ?? 0)) longest = at
    }
    if (longest === -1) return widths
    widths[longest] = (widths[longest] ?? 0) - 1
  }
}

const blocks: Readonly<Record<Tone, string>> = { good: '█', bad: '▒', open: '░', plain: '█' }
const colours: Readonly<Record<Tone, number>> = { good: 32, bad: 31, open: 90, plain: 34 }

function barOf(segments: readonly Segment[], room: number, look: Look): string {
  let end = 0
  let drawn = 0
  return segments
    .map(({ share, tone }) => {
      end += share * room
      const length = Math.max(0, Math.round(end) - drawn)
      drawn += length
      // A little is not nothing.
      const shown =
        length === 0 && share > 0 && segments.length === 1 ? '▏' : blocks[tone].repeat(length)
      return look.colour && shown !== '' ? `\u001B[${colours[tone]}m${shown}\u001B[39m` : shown
    })
    .join('')
}

function pad(text: string, size: number, isNumber: boolean): string {
  const shown =
    width(text) > size
      ? `${Array.from(text)
          .slice(0, Math.max(1, size - 1))
          .join('')}…`
      : text
  const space = ' '.repeat(Math.max(0, size - width(shown)))
  return isNumber ? space + shown : shown + space
}

function width(text: string): number {
  return Array.from(text).length
}

function strong(text: string, { colour }: Look): string {
  return colour ? `\u001B[1m${text}\u001B[22m` : text
}

function faint(text: string, { colour }: Look): string {
  return colour ? `\u001B[2m${text}\u001B[22m` : text
}

/** Names come from anywhere: nothing in them may steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

/** What went wrong, and what to do about it. */
export function complaintOf({ message, hint }: ReportError): string {
  return `${printable(message)}\n${hint === undefined ? '' : `${printable(hint)}\n`}`
}

export function wrap(text: string, room: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
