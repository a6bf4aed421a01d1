import path from 'node:path'

import type { Product } from '../product/product.ts'
import type { Context } from '../settings/context.ts'
import { ignoresVariables, readHost } from '../settings/host.ts'
import type { Problem, SettingsFile } from '../settings/files.ts'
import type { Stranger } from '../settings/trust.ts'
import { isSet, type Rule } from '../settings/verdict.ts'
import { type Foreign, isOwnState } from '../store/foreign.ts'
import { printable } from './io.ts'

/** All wording about rules and settings stands here, so that every command says the same. */

export function headline(context: Context): string {
  const { product, verdict, paths } = context
  const subject = `${product.name} telemetry`
  if (!verdict.collecting) return `${subject} is off.`
  if (!isOwnState(paths.state)) return `${subject} is on, but can keep and send nothing here.`
  if (verdict.uploading) return `${subject} is on.`
  const except = hostHere(context)?.agrees === false ? exceptItself(product, 'from') : ''
  return `${subject} counts on this machine, and sends nothing${except}.`
}

export function because(context: Context): string {
  const deciding = context.verdict.rules.find(({ rule }) => rule === context.verdict.decidedBy)
  if (deciding === undefined) return 'No setting and no variable turns it off.'
  return reason(deciding, context)
}

/** Where events are sent, and what says so. */
export function endpointText(context: Context): string {
  const { value, source } = context.choices.endpoint
  return `Endpoint: ${printable(value)} (${tidy(source, context)})`
}

/** The other rules that say no: they stay in force when the first one is lifted. */
export function alsoBecause(context: Context): readonly string[] {
  const { verdict } = context
  return verdict.rules
    .filter(({ rule, effect }) => effect !== 'none' && rule !== verdict.decidedBy)
    .map((rule) => reason(rule, context))
}

/** What the product's own program does here, beside our verdict; null where it obeys the verdict. */
export function hostHere({ product, environment, settings, verdict, see }: Context) {
  const host = readHost(product, environment, settings.files, see)
  if (host === undefined) return null
  const { reads, enabled, http_endpoint, udp_endpoint } = host
  // Whether the program's own build has a key, nobody here knows.
  const isOurNo = verdict.rules.some(
    ({ rule, effect }) => effect !== 'none' && rule !== 'ingestion_key',
  )
  const agrees = !ignoresVariables(product) || !(enabled && isOurNo)
  return { reads, enabled, http_endpoint, udp_endpoint, agrees }
}

/** Ends a sentence about what the product's own program pays no attention to. */
export function exceptItself(product: Product, before = 'in'): string {
  return ignoresVariables(product) ? `, except ${before} ${product.name} itself` : ''
}

/** That our build has no key says nothing about the program's own build. */
export function ifItHasKey({ verdict }: Context): string {
  const isMissing = verdict.rules.some(
    ({ rule, effect }) => rule === 'ingestion_key' && effect !== 'none',
  )
  return isMissing ? ', if its build has an ingestion key' : ''
}

function reason(rule: Rule, context: Context): string {
  const { product } = context
  const source = rule.source === null ? '' : tidy(rule.source, context)
  const value = printable(String(rule.value)).slice(0, 60)
  switch (rule.rule) {
    case 'invalid_settings':
      return problemText(context.settings.problems[0], context)
    case 'ci':
      return source === 'environment'
        ? `This looks like a build service: ${value}.`
        : `${source} is set: this is a build service.`
    case 'test_run':
      return `${source} is set: this is a test run.`
    case 'worker':
      return `${source} is set: this is a worker or an instrumented job.`
    case 'collector':
      return `The collector asked this version${rule.value === 'unknown' ? '' : ` (${value})`} to send nothing more.`
    case 'foreign_home':
      return `${source} belongs to another user.`
    case 'ingestion_key':
      return `This build has no ingestion key, so nothing is sent.`
    case 'uploads':
      return product.emptyEndpointForbidsUploads
        ? `Uploads are forbidden in ${source}`
        : `Sending is turned off in ${source} (${product.keys.uploads.join('.')})`
    case product.variables.toggle:
      return `${source}=${value} is set in the environment${isSet(value) ? meansOn : ''}.`
    case product.variables.off:
    case 'DO_NOT_TRACK':
      return `${source}=${value} is set in the environment.`
    default:
      return `${value === 'true' ? 'Turned on' : 'Turned off'} in ${source}`
  }
}

/** Who wrote another word than a no may have meant a yes. */
const meansOn = ', and only 1, true, yes or on means on'

export function problemText(problem: Problem | undefined, context: Context): string {
  if (problem === undefined) return ''
  const { path: file, line, column, message } = problem
  if (isMissingNamed(problem, context)) {
    const name = tidy(file, context)
    return `${context.product.variables.config} names ${name}, which does not exist. Unset it, or create that file.`
  }
  const spot = [tidy(file, context), line, column].filter((part) => part !== undefined).join(':')
  const excerpt = problem.excerpt ? `\n\n${indent(problem.excerpt.trimEnd())}\n` : ''
  // A folder that is named in the message lies on the way to the file.
  const said = message.startsWith(path.sep) ? tidy(message, context) : message
  return printable(`${spot}: ${said}${said.endsWith('?') ? '' : '.'}${excerpt}`)
}

/** A file that a variable names, and that isn't there. */
export function isMissingNamed({ path: file }: Problem, { settings, see }: Context): boolean {
  const isNamed = settings.files.some((one) => one.path === file && one.role === 'named')
  return isNamed && see(file).version === ''
}

/** Files that other programs dropped into the queue and that hold no event. */
export function setAsideText(count: number, context: Context): string {
  const files =
    count === 1 ? '1 file that holds no event was' : `${count} files that hold no event were`
  return `${files} set aside, never to be sent: ${tidy(context.paths.aside, context)}`
}

const notOursAlone = {
  owner: 'belongs to another user',
  link: 'is a link',
  writable: 'can be written by other users',
  folder: 'lies in a folder that others can write to',
} as const

/** A file or folder in our place that is not for this user alone. */
export function foreignText({ path: place, reason: why }: Foreign, context: Context): string {
  return `${tidy(place, context)} ${notOursAlone[why]}.`
}

/** A settings file that another user could have written; undefined if nobody else could. */
export function strangerText(
  { path: file, stranger }: Pick<SettingsFile, 'path' | 'stranger'>,
  context: Context,
): string | undefined {
  if (stranger === undefined) return undefined
  return `${tidy(file, context)} ${notOursAlone[stranger]}. It can only turn telemetry off.`
}

/** What makes such a file the user's alone, as the beginning of a sentence. */
export const toBeOursAlone = {
  owner: 'Change its owner, if it is yours',
  writable: 'Let only yourself write to it (chmod go-w)',
  folder: 'Let only yourself write to that folder (chmod go-w)',
} as const satisfies Record<Stranger, string>

/** The user's home folder as `~`, as people write it. */
export function tidy(file: string, { environment }: Context): string {
  const { home, platform } = environment
  const shown =
    home !== undefined && platform !== 'win32' && file.startsWith(home + path.sep)
      ? `~${file.slice(home.length)}`
      : file
  return printable(shown).replaceAll('\n', '?')
}

/** `1 event`, `12,345 events`. By hand: the first number that a locale writes takes it 20 ms. */
export function plural(count: number, noun: string): string {
  const number = String(count).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${number} ${noun}${count === 1 ? '' : 's'}`
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}

/** A width that reads well, aloud and in a mail. */
export const readableWidth = 60

/** Breaks text at spaces into lines of at most so many columns; words longer than that stay whole. */
export function wrap(
  text: string,
  margin = '',
  width = readableWidth,
  visible = (part: string) => part,
): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const needed = margin.length + visible(`${line} ${word}`).length
    if (line !== '' && needed > width) {
      lines.push((margin + line).trimEnd())
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, margin + line]
}
