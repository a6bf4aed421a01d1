import { existsSync } from 'node:fs'

import { type Day, dayOf, daysAfter, isDay, type Window } from '../days.ts'
import { ReportError } from '../error.ts'
import { type By, byColumns } from '../facts/columns.ts'
import { releaseName } from '../facts/names.ts'
import { type QuestionName, questionNames } from '../questions/question.ts'
import { nearest } from './nearest.ts'
import { type Given, readWords } from './words.ts'

export const formats = ['text', 'json', 'csv', 'html'] as const
export type Format = (typeof formats)[number]

export interface Report {
  readonly command: 'report'
  readonly from: readonly string[]
  readonly questions: readonly QuestionName[]
  readonly by: readonly By[] | undefined
  readonly window: Window
  readonly release: string | undefined
  readonly compare: string | undefined
  readonly top: number | undefined
  readonly format: Format
  readonly output: string | undefined
  readonly watch: boolean
  readonly memory: string
  readonly threads: number
}

export type Request =
  | { readonly command: 'help' | 'version' }
  | Report
  | (Omit<Report, 'command'> & { readonly command: 'public'; readonly folder: string })
  | (Omit<Report, 'command'> & { readonly command: 'check' })
  | {
      readonly command: 'erase'
      readonly from: string
      readonly prove: string | undefined
      readonly pending: boolean
      /** What an operator has deleted in PostHog. */
      readonly done: readonly string[]
      readonly memory: string
      readonly threads: number
    }

export function wrong(message: string, hint?: string): ReportError {
  return new ReportError(message, { exitCode: 2, ...(hint === undefined ? {} : { hint }) })
}

/** What was asked for. Throws with exit code 2 where that is not clear. */
export function requestOf(words: readonly string[], now: number): Request {
  const given = readWords(words)
  if (given.has('help')) return { command: 'help' }
  if (given.has('version')) return { command: 'version' }
  const memory = sizeOf(given.one('memory') ?? '1GB')
  const threads = integer(given, 'threads', 1, 256) ?? 2
  if (given.words[0] === 'erase') return { ...erasureOf(given), memory, threads }
  const { names, places } = sorted(given)
  const from = [...given.all('from'), ...places]
  if (from.length === 0) throw wrong('--from is missing.', placesHint)
  for (const name of ['prove', 'pending', 'done']) {
    if (given.has(name)) throw wrong(`--${name} belongs to erase.`)
  }
  const report: Omit<Report, 'command'> = {
    from,
    questions: questionsOf(names),
    by: byOf(given.one('by')),
    window: windowOf(given.one('since'), given.one('until'), now),
    release: releaseOf(given.one('release')),
    compare: releaseOf(given.one('compare')),
    top: integer(given, 'top', 1, 1_000_000),
    format: formatOf(given.one('format') ?? 'text'),
    output: given.one('output'),
    watch: given.has('watch'),
    memory,
    threads,
  }
  return commandOf(given, names, report)
}

const placesHint = 'Name a folder of segments, a file, - or clickhouse://host.'

/** It removes data, so it runs only if every word of the command is understood. */
function erasureOf(given: Given) {
  refuseMore('erase', given, given.words.slice(1))
  const [from, ...more] = given.all('from')
  if (from === undefined) throw wrong('--from is missing.', placesHint)
  if (more.length > 0) throw wrong('erase takes one --from.')
  const [prove, pending, done] = [given.one('prove'), given.has('pending'), given.all('done')]
  if ([prove !== undefined, pending, done.length > 0].filter(Boolean).length > 1) {
    throw wrong('--prove, --pending and --done exclude each other.')
  }
  return { command: 'erase', from, prove, pending, done } as const
}

/** What each command takes besides --from, --memory and --threads. */
const taken = {
  erase: ['prove', 'pending', 'done'],
  '--check': ['check', 'since', 'until', 'release', 'compare', 'output'],
  '--public': ['public', 'until'],
} as const

function refuseMore(command: keyof typeof taken, { names }: Given, words: readonly string[]): void {
  const own = new Set<string>(['from', 'memory', 'threads', ...taken[command]])
  const options = names.filter((name) => !own.has(name)).map((name) => `--${name}`)
  const more = [...words, ...options]
  if (more.length === 0) return
  const hint = command === 'erase' ? 'To search for an id: erase --prove ID.' : undefined
  throw wrong(`${command} doesn’t take ${more.join(', ')}.`, words.length > 0 ? hint : undefined)
}

function commandOf(
  given: Given,
  names: readonly string[],
  report: Omit<Report, 'command'>,
): Request {
  const folder = given.one('public')
  if (folder !== undefined && given.has('check'))
    throw wrong('--public and --check exclude each other.')
  if (folder !== undefined) {
    refuseMore('--public', given, names)
    return { command: 'public', folder, ...report }
  }
  if (given.has('check')) {
    refuseMore('--check', given, names)
    return { command: 'check', ...report }
  }
  if (report.compare !== undefined && report.release === undefined) {
    throw wrong('--compare needs --release.')
  }
  if (report.watch && (report.format !== 'text' || report.output !== undefined)) {
    throw wrong('--watch shows text in a terminal: it takes neither --format nor --output.')
  }
  if (report.watch && report.from.includes('-'))
    throw wrong('--watch can’t read the standard input twice.')
  return { command: 'report', ...report }
}

/** A shell makes many words of `--from *.ndjson`: what is no question but is there, is a place. */
function sorted({ words }: Given): { names: readonly string[]; places: readonly string[] } {
  const isName = (word: string) => (questionNames as readonly string[]).includes(word)
  const isPlace = (word: string) => !isName(word) && existsSync(word)
  return { names: words.filter((word) => !isPlace(word)), places: words.filter(isPlace) }
}

function questionsOf(names: readonly string[]): readonly QuestionName[] {
  const chosen = names.map((name) => known(name, questionNames, 'question'))
  return chosen.length === 0 ? questionNames : [...new Set(chosen)]
}

function byOf(text: string | undefined): readonly By[] | undefined {
  if (text === undefined) return undefined
  const names = text.split(',').map((name) => known(name.trim(), byColumns, 'column'))
  return [...new Set(names)]
}

function formatOf(text: string): Format {
  return known(text, formats, 'format')
}

function known<Word extends string>(given: string, all: readonly Word[], what: string): Word {
  const found = all.find((word) => word === given)
  if (found !== undefined) return found
  const near = nearest(given, all)
  throw wrong(
    `There is no ${what} "${given}".`,
    near === undefined ? `Those there are: ${all.join(', ')}.` : `Did you mean ${near}?`,
  )
}

function releaseOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : releaseName(text)
}

const longestWindow = 36_500

function windowOf(since: string | undefined, until: string | undefined, now: number): Window {
  const window = daysOf(since, until, now)
  if (window.since !== undefined && window.until !== undefined && window.since > window.until) {
    throw wrong('--since is after --until.')
  }
  return window
}

function daysOf(since: string | undefined, until: string | undefined, now: number): Window {
  const last = until === undefined ? undefined : dayFrom(until, 'until', now)
  if (since === undefined) return { since: undefined, until: last }
  const days = /^(\d{1,5})d$/.exec(since)?.[1]
  if (days === undefined) return { since: dayFrom(since, 'since', now), until: last }
  const count = Number(days)
  if (count < 1 || count > longestWindow) throw wrong(`--since ${since} is no number of days.`)
  return { since: daysAfter(last ?? dayOf(now), 1 - count), until: last }
}

function dayFrom(text: string, name: string, now: number): Day {
  if (text === 'today') return dayOf(now)
  if (isDay(text)) return text
  const hint =
    name === 'since' ? 'A date such as 2026-11-28, or 30d.' : 'A date such as 2026-11-28.'
  throw wrong(`--${name} ${text} is no date.`, hint)
}

function integer(given: Given, name: string, least: number, most: number): number | undefined {
  const text = given.one(name)
  if (text === undefined) return undefined
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw wrong(`--${name} takes a whole number from ${least} to ${most}.`)
}

function sizeOf(text: string): string {
  if (/^\d{1,6}(MB|GB)$/i.test(text)) return text.toUpperCase()
  throw wrong('--memory takes a size such as 300MB or 2GB.')
}
