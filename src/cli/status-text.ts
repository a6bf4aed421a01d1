import { existsSync } from 'node:fs'

import type { Context } from '../settings/context.ts'
import type { Invocation } from './invocation.ts'
import { settingsTargets } from '../settings/targets.ts'
import { noticeWasSeen, readStats } from '../store/stats.ts'
import { forbidsWriting, hasNone, unlistedText } from './access.ts'
import { lastAttempt } from './delivery-words.ts'
import { foldOut } from './fold.ts'
import { printable } from './io.ts'
import type { Status } from './commands/status.ts'
import { ago } from './time.ts'
import { liftedBy, wayOut } from './way-out.ts'
import { hostWarning } from './host-words.ts'
import {
  alsoBecause,
  because,
  endpointText,
  foreignText,
  headline,
  ifItHasKey,
  plural,
  setAsideText,
  strangerText,
  tidy,
} from './words.ts'

/**
 * The state for people: the verdict first, then what lies where, then what to do. Every line is a
 * sentence or `Name: value`, so that it reads the same aloud, without colour and on 60 columns.
 */
export function statusText(status: Status, invocation: Invocation): string {
  const { ink, context, product, io } = invocation
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', ink.strong(title), ...lines.map((line) => `  ${line}`)]
  const lines = [
    ink.strong(headline(context)),
    because(context),
    ...alsoBecause(context).map((reason) => `Also: ${reason}`),
    `Learn more: ${product.docs}`,
    ...(product.publicReport === undefined ? [] : [`What comes of it: ${product.publicReport}`]),
    ...hostWarning(context).map(ink.warning),
    ...attention(status, invocation).map(ink.warning),
    ...stillToErase(status, invocation),
    ...section('On this machine', places(status, invocation)),
    ...section(
      `${product.name} itself, in this folder`,
      hostFacts(status, invocation).map(([name, value]) => `${name}: ${value}`),
    ),
    // What telemetry that is off would do next reads like a broken promise.
    ...section('Delivery', status.uploading ? delivery(status, invocation) : []),
    '',
    ...nextSteps(status, invocation),
  ]
  return `${foldOut(lines, io).join('\n')}\n`
}

/** Problems that a user should see without asking for them. */
export function attention(status: Status, { context }: Invocation): readonly string[] {
  const { set_aside: aside, events } = status.queue
  const unlisted = events > 0 ? undefined : unlistedText(context)
  return [
    ...status.foreign.map((one) => `Warning: ${foreignText(one, context)}`),
    ...(status.foreign.length === 0
      ? unwritable(context)
      : ['Until that is put right, nothing is kept or sent.']),
    ...context.settings.files.flatMap((file) => strangerText(file, context) ?? []),
    ...(aside === 0 ? [] : [setAsideText(aside, context)]),
    ...(unlisted === undefined ? [] : [`Warning: ${unlisted}`]),
  ]
}

/** "On" alone would promise events that nobody can keep. */
function unwritable(context: Context): readonly string[] {
  const { verdict, paths } = context
  const closed = [paths.state, paths.clientId].find((place) => forbidsWriting(place) !== undefined)
  if (closed === undefined || !verdict.collecting) return []
  return [`Warning: ${tidy(closed, context)} cannot be written, so nothing is recorded.`]
}

function stillToErase(status: Status, invocation: Invocation): readonly string[] {
  const { ink, context } = invocation
  const unconfirmed = unconfirmedErasure(status, invocation)
  if (unconfirmed === undefined) return []
  return [
    ink.warning(unconfirmed),
    `To ask again: ${ink.name(`${context.product.command} forget`)}`,
  ]
}

export function unconfirmedErasure(
  { erase }: Status,
  { environment }: Invocation,
): string | undefined {
  if (erase === null) return undefined
  const at = Date.parse(erase.since)
  const since = Number.isNaN(at) ? 'earlier' : ago(at, environment.now())
  return `The collector has not yet confirmed the erasure that was asked for ${since}.`
}

/** Someone who was never told what is collected had no chance to say no. */
export function unseenNotice({ queue }: Status, { paths, product }: Context): string | undefined {
  if (queue.events === 0 || noticeWasSeen(paths.stats)) return undefined
  if (readStats(paths.stats).kind === 'unread') return undefined
  return (
    'Nothing is sent automatically until you have seen the notice. ' +
    `${product.name} shows it when it next runs in a terminal.`
  )
}

/** The user's settings file that no command can change, because nobody understands it. */
export function brokenSettings(context: Context): string | undefined {
  const targets = settingsTargets(context)
  return context.settings.problems.find(({ path }) => targets.includes(path))?.path
}

function places(status: Status, { context, environment, ink }: Invocation): readonly string[] {
  const { paths, client_id: clientId, queue, sent } = status
  const place = (name: string, file: string) =>
    `${name}: ${tidy(file, context)}${existsSync(file) ? '' : ink.faint(' (not yet)')}`
  const last =
    sent.last === null ? '' : `, the last ${ago(Date.parse(sent.last), environment.now())}`
  const some = sent.unconfirmed === sent.events ? 'not' : `${sent.unconfirmed} not`
  const doubt = sent.unconfirmed === 0 ? '' : ` (${some} confirmed)`
  return [
    `Client id: ${clientId ?? orUnknown(hasNone.id(context), 'none yet')}`,
    place('  kept in', paths.client_id),
    place('Settings', status.paths.settings),
    place('Statistics', paths.stats),
    `Waiting: ${waiting(queue, context, environment.now())}`,
    place('  kept in', paths.queue),
    `Sent: ${sent.last === null ? orUnknown(hasNone.sent(context), 'nothing on record') : plural(sent.events, 'event') + doubt + last}`,
    place('  kept in', paths.sent),
  ]
}

/** What the product's own program does in this folder. */
export function hostFacts(
  { host }: Status,
  { context }: Pick<Invocation, 'context'>,
): readonly (readonly [name: string, value: string])[] {
  if (host === null) return []
  const { reads, enabled, http_endpoint: http, udp_endpoint: udp } = host
  return [
    ['Reads', reads === null ? 'no settings file' : tidy(reads, context)],
    ['Telemetry', enabled ? `on${ifItHasKey(context)}` : 'off'],
    ...(enabled && http !== null ? [['Posts to', printable(http)] as const] : []),
    ...(enabled && udp !== null ? [['UDP', printable(udp)] as const] : []),
  ]
}

function delivery(status: Status, { context, environment, ink }: Invocation): readonly string[] {
  const { endpoint, udp_endpoint: udp, uploader } = status
  const { runtimeEndpoint } = context.choices
  const from = (source: string) => tidy(source, context)
  const now = environment.now()
  const trouble = lastAttempt(context, status, now)
  const unseen = unseenNotice(status, context)
  return [
    endpointText(context),
    ...(runtimeEndpoint.value === endpoint.url
      ? []
      : [
          `Runs in this folder: ${printable(runtimeEndpoint.value)} (${from(runtimeEndpoint.source)})`,
        ]),
    ...(udp.address === null ? [] : [`UDP: ${printable(udp.address)} (${from(udp.source)})`]),
    ...ingestionKey(status, context),
    ...(unseen === undefined ? [] : [unseen]),
    ...uploaderText(uploader),
    ...(trouble === undefined
      ? []
      : [
          `Last attempt: ${ago(Date.parse(uploader.last_attempt ?? ''), now)}`,
          ink.warning(trouble),
        ]),
  ]
}

function ingestionKey({ ingestion_key: state }: Status, { product }: Context): readonly string[] {
  if (product.ingestionKey === undefined) return []
  const { variable } = product.ingestionKey
  const words = { embedded: 'built in', environment: `from ${variable}`, missing: 'missing' }
  return [`Ingestion key: ${words[state]}`]
}

function uploaderText({ running, pid }: Status['uploader']): readonly string[] {
  if (!running) return []
  return [
    pid === null
      ? 'Uploader: nobody can tell whether it is running'
      : `Uploader: running as process ${pid}`,
  ]
}

/** While a file of ours can't be read, nobody knows that there is nothing in it. */
function orUnknown(isCertain: boolean, nothing: string): string {
  return isCertain ? nothing : 'unknown at this moment'
}

function waiting(
  { events, bytes, oldest, dropped }: Status['queue'],
  context: Context,
  now: number,
): string {
  const lost = dropped === 0 ? '' : `; ${plural(dropped, 'older event')} dropped to make room`
  if (events === 0) return `${orUnknown(hasNone.waiting(context), 'nothing')}${lost}`
  const since = ago(Date.parse(oldest ?? ''), now)
  return `${plural(events, 'event')}, ${plural(bytes, 'byte')}, the oldest ${since}${lost}`
}

function nextSteps(
  { rules, queue, sent }: Status,
  { product, ink, context }: Invocation,
): readonly string[] {
  const command = (name: string) => ink.name(`${product.command} ${name}`)
  const saysNo = (name: string) =>
    rules.some(({ rule, effect }) => rule === name && effect !== 'none')
  const broken = brokenSettings(context)
  return [
    `See what would be sent: ${command('print')}`,
    ...(queue.events === 0 ? [] : [`See what is waiting: ${command('print --queued')}`]),
    ...(sent.last === null ? [] : [`See what was sent: ${command('log')}`]),
    ...(broken === undefined
      ? [
          saysNo('user_settings')
            ? `Turn it on: ${liftedBy(command('enable'), 'enabled', context)}`
            : `Turn it off for good: ${command('disable')}`,
        ]
      : [`It stays off until you have corrected ${tidy(broken, context)}`]),
    ...wayOut(context),
  ]
}
