import { parseEndpoint } from '../../settings/address.ts'
import { strangerAt } from '../../settings/trust.ts'
import { liveHolder } from '../../store/lock-holder.ts'
import { optOut, stopAll, wipeAll } from '../../store/opt-out.ts'
import { isQueueEmpty, queuedNames } from '../../store/queue.ts'
import { eventsBeingSent, type Stop } from '../../store/senders.ts'
import type { Changes } from '../../store/settings-file.ts'
import { change, requireOptOut, requireStopped, targetsOf, writtenBy } from '../change.ts'
import { CliError, wrongUsage } from '../error.ts'
import { foldOut } from '../fold.ts'
import { type Invocation, reassessed, report } from '../invocation.ts'
import { toJson } from '../io.ts'
import { wantsOff, wayOff } from '../off-words.ts'
import { wayOut } from '../way-out.ts'
import { hostWarning } from '../host-words.ts'
import {
  because,
  endpointText,
  headline,
  hostHere,
  plural,
  strangerText,
  toBeOursAlone,
} from '../words.ts'

export interface EndpointOptions {
  readonly json?: boolean
  readonly reset?: boolean
  /** Send what already waits to the new address. */
  readonly keepQueue?: boolean
}

export async function endpoint(
  invocation: Invocation,
  url: string | undefined,
  options: EndpointOptions,
): Promise<void> {
  if (options.reset && url !== undefined) {
    throw new CliError('Give an address or --reset, not both.', { exitCode: wrongUsage })
  }
  const { keys } = invocation.product
  if (options.reset) {
    const { endpoint: address } = invocation.product
    await move(
      invocation,
      address,
      [
        [keys.endpoint, undefined],
        [keys.uploads, undefined],
      ],
      options,
    )
  } else if (url === undefined) show(invocation, options)
  else if (url.trim() === '') await local(invocation, options)
  else await set(invocation, url, options)
}

/** Counts on this machine and sends nothing. */
export async function local(invocation: Invocation, { json }: { json?: boolean }): Promise<void> {
  const changes = [[invocation.product.keys.uploads, false]] as const
  const done = await optOut(invocation.context, targetsOf(invocation, changes))
  const after = reassessed(invocation)
  requireOptOut(after, done, 'Sending is off', { mayCount: true })
  const { changed, wiped } = done
  const isCounting = after.context.verdict.collecting
  // The product's own program is not bound by this setting.
  const whoStops =
    after.product.host === undefined
      ? 'Nothing is sent'
      : 'This tool and programs that use its library send nothing'
  answer(after, json, { changed, wiped }, [
    `${whoStops} from now on${isCounting ? '; counting goes on' : ''}.`,
    ...wipedText(wiped),
    ...(isCounting ? [] : [headline(after.context), because(after.context)]),
    ...wayOut(after.context),
    ...hostWarning(after.context),
  ])
}

function show(invocation: Invocation, { json }: EndpointOptions): void {
  const { io } = invocation
  const sentences = [endpointText(invocation.context), ...notSending(invocation)]
  io.out(json ? toJson(current(invocation)) : `${foldOut(sentences, io).join('\n')}\n`)
}

async function set(invocation: Invocation, url: string, options: EndpointOptions): Promise<void> {
  const parsed = parseEndpoint(url)
  if (!parsed.ok) {
    // Whatever has an @ in it may hold a password.
    const isShown = parsed.fault.startsWith('is not') && !url.includes('@')
    const subject = isShown ? `"${url.slice(0, 60)}"` : 'That address'
    const { command } = invocation.product
    const hint = wantsOff([url.trim()]) ? `${parsed.hint}\n${wayOff(command)}` : parsed.hint
    throw new CliError(`${subject} ${parsed.fault}.`, { exitCode: wrongUsage, hint })
  }
  requireOwnFile(invocation)
  const { keys } = invocation.product
  // An address lifts what an empty one forbade; uploads that were allowed stay so.
  const isForbidden = invocation.context.settings
    .said('uploads')
    .some(({ value, file }) => file?.role === 'user' && !value)
  const changes: Changes = [
    [keys.endpoint, parsed.value],
    ...(isForbidden ? ([[keys.uploads, undefined]] as const) : []),
  ]
  await move(invocation, parsed.value, changes, options)
}

/** What another user could have written counts as an opt-out and as nothing else. */
function requireOwnFile(invocation: Invocation): void {
  const { context, environment } = invocation
  for (const { file } of writtenBy(invocation, [])) {
    // One that does not exist yet would lie where others can replace it.
    const stranger = strangerAt(file, environment, context.see)
    const message = strangerText({ path: file, stranger }, context)
    if (message === undefined || stranger === undefined) continue
    throw new CliError(message, {
      hint:
        'An address in it would not count, so nothing was changed. ' +
        `${toBeOursAlone[stranger]}, then run this again.`,
    })
  }
}

/**
 * Changes the address. What waits was recorded for the old one: it goes to the new one only where
 * that was asked for. Otherwise sending is forbidden until the queue is empty.
 */
async function move(
  invocation: Invocation,
  address: string,
  changes: Changes,
  { json, keepQueue }: EndpointOptions,
): Promise<void> {
  const { context, product } = invocation
  const { paths, choices } = context
  const isBusy =
    !isQueueEmpty(paths.queue) ||
    liveHolder(paths.lock) !== undefined ||
    eventsBeingSent(paths)?.size !== 0
  let wiped = 0
  let changed = false
  if (address !== choices.endpoint.value && isBusy && !keepQueue) {
    const { keys } = product
    const targets = targetsOf(invocation, [[keys.uploads, false]]).slice(0, 1)
    const done = await optOut(context, targets)
    const soFar = 'Sending is off, and the address is the old one'
    const banned = reassessed(invocation)
    const undone = 'The address was not changed. '
    requireOptOut(banned, done, soFar, { mayCount: true, isMeans: true, undone })
    ;({ wiped, changed } = done)
    // The ban was for the time of the move only.
    const last: Changes = [...changes, [keys.uploads, undefined]]
    changed = change(banned, last, `${soFar}.`).length > 0 || changed
  } else {
    changed = change(invocation, changes).length > 0
    if (address !== choices.endpoint.value) {
      // What hosts hold was recorded for the old address, and they may end while this waits for others.
      const wipe = (stop: Stop) => (keepQueue ? 0 : wipeAll(context, stop).wiped)
      wiped = wipe({ stopped: false })
      const stop = await stopAll(context)
      requireStopped(invocation, stop, 'The address is changed', 'Give it 15 seconds.')
      // A host may have queued something meanwhile, or be about to.
      wiped += wipe(stop)
    }
  }
  const after = reassessed(invocation)
  answer(after, json, { changed, wiped }, [
    endpointText(after.context),
    ...wipedText(wiped),
    ...(wiped === 0 ? goesThere(after) : []),
    ...notSending(after),
    ...(address === product.endpoint
      ? []
      : [`Built-in address again: ${product.command} endpoint --reset`]),
  ])
}

function goesThere({ context }: Invocation): readonly string[] {
  const waiting = queuedNames(context.paths.queue).length
  if (waiting === 0 || !context.verdict.uploading) return []
  return [`What is waiting goes there, too: ${plural(waiting, 'event')}.`]
}

/** An address alone reads as if events went there. */
function notSending({ context }: Invocation): readonly string[] {
  if (context.verdict.uploading) return []
  return [headline(context), because(context), ...wayOut(context)]
}

function wipedText(wiped: number): readonly string[] {
  return wiped === 0 ? [] : [`${plural(wiped, 'waiting event')} deleted.`]
}

function answer(
  invocation: Invocation,
  json: boolean | undefined,
  details: Readonly<Record<string, unknown>>,
  sentences: readonly string[],
): void {
  report(invocation, json, { ...details, ...current(invocation) }, sentences)
}

function current({ context }: Invocation) {
  const { value, source } = context.choices.endpoint
  return { url: value, source, host: hostHere(context) }
}
