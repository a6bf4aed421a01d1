import { before, endingAt, isBlank, lineEnd, lineStart } from './line.ts'
import type { Pair, Spot } from './scan.ts'
import { replace, type Range, type Splice } from './splice.ts'

/** The commas that could go with the pair: its own, and the one before it. */
const commasOf = (pair: Pair, spots: readonly Spot[]): number[] => {
  const items = spots.filter((spot): spot is Pair => 'home' in spot && spot.home === pair.home)
  const previous = items[items.indexOf(pair) - 1]
  return [pair.comma, previous?.comma].filter((comma) => comma !== undefined)
}

/** The pair and the comma; as one range, unless a comment or a line ending parts them. */
const withComma = (text: string, pair: Pair, comma: number): Range[] => {
  const mark = { start: comma, end: comma + 1 }
  const [first, second] = comma < pair.start ? [mark, pair] : [pair, mark]
  return isBlank(text.slice(first.end, second.start))
    ? [{ start: first.start, end: second.end }]
    : [first, second]
}

const rangesOf = (text: string, spots: readonly Spot[], pair: Pair): Range[] => {
  const choices = commasOf(pair, spots).map((comma) => withComma(text, pair, comma))
  return choices.find(({ length }) => length === 1) ?? choices[0] ?? [pair]
}

const wholeLines = (text: string, start: number, eol: number): Range => {
  const from = lineStart(text, start)
  const ending = endingAt(text, eol)
  // Without a final newline, the line above is now the last one and loses its own.
  const kept = ending === '' ? text.slice(0, from).replace(/\r?\n$/, '').length : from
  return { start: kept, end: eol + ending.length }
}

/** The whole line if nothing else is on it, else without the spaces that now are too many. */
const tidied = (text: string, { start, end }: Range): Range => {
  const eol = lineEnd(text, end)
  const left = before(text, start)
  if (isBlank(left + text.slice(end, eol))) return wholeLines(text, start, eol)
  const isBehindValue = /[^\s{,]$/.test(left)
  return { start, end: isBehindValue ? end : end + text.slice(end).search(/[^ \t]|$/) }
}

/** Takes the pair out, with its line unless a comment or another pair is on it. */
export const removal = (text: string, spots: readonly Spot[], pair: Pair): Splice[] =>
  rangesOf(text, spots, pair).map((range) => replace(tidied(text, range), ''))
