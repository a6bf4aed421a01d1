import { parseEndpoint } from '../settings/address.ts'
import { look } from '../files/read.ts'
import type { Context } from '../settings/context.ts'
import { foreignIn } from '../store/foreign.ts'
import { queuedNames } from '../store/queue.ts'
import { settingsTargets } from '../settings/targets.ts'
import { isOffByUser, shadowOf } from './change.ts'
import { disable } from './commands/disable.ts'
import { enable } from './commands/enable.ts'
import { endpoint } from './commands/endpoint.ts'
import { forget } from './commands/forget.ts'
import { log } from './commands/log.ts'
import { print } from './commands/print.ts'
import { status } from './commands/status.ts'
import { upload } from './commands/upload.ts'
import { CliError, errorText } from './error.ts'
import { foldQuestion } from './fold.ts'
import { type Invocation, reassessed } from './invocation.ts'
import { page } from './pager.ts'
import { intro, isCancel, log as say, outro, select, settings, text } from './prompts.ts'
import { brokenSettings } from './status-text.ts'
import { hostWarning, isBeyondUs, isUnreadable } from './host-words.ts'
import { because, headline, plural } from './words.ts'

type Choice =
  | 'status'
  | 'print'
  | 'explain'
  | 'log'
  | 'upload'
  | 'enable'
  | 'disable'
  | 'endpoint'
  | 'forget'
  | 'view'
  | 'quit'

interface Offer {
  readonly value: Choice
  readonly label: string
  readonly hint?: string
}

/** The same commands for people who would rather look than read a manual. */
export async function menu(start: Invocation): Promise<void> {
  let invocation = start
  let last: Choice = 'status'
  let hasChanged = false
  const { io } = invocation
  // The frame begins only the first line.
  intro(foldQuestion([headline(invocation.context)], io).join('\n   '))
  const reason = because(invocation.context).trimEnd().split('\n')
  say.message(foldQuestion([...reason, ...hostWarning(invocation.context)], io).join('\n'))
  for (;;) {
    const offers = offersFor(invocation)
    const choice = await ask(offers, last)
    if (choice === undefined || choice === 'quit') break
    last = choice
    const before = JSON.stringify(invocation.context.settings.files)
    await act(choice, invocation)
    invocation = reassessed(invocation)
    hasChanged ||= JSON.stringify(invocation.context.settings.files) !== before
    // What was turned off can be turned on again, from the same place.
    if (choice === 'disable') last = 'enable'
    if (choice === 'enable') last = 'disable'
  }
  outro(hasChanged ? 'Bye.' : 'Bye. Nothing was changed.')
}

async function ask(offers: readonly Offer[], last: Choice): Promise<Choice | undefined> {
  const initialValue = offers.find(({ value }) => value === last)?.value
  // Only here: an address may have a q.
  settings.aliases.set('q', 'cancel')
  const answer = await select<Choice>({
    message: 'What would you like to do? (q quits)',
    options: [...offers],
    ...(initialValue && { initialValue }),
  })
  settings.aliases.delete('q')
  return isCancel(answer) ? undefined : answer
}

/** Only what can work here and now. */
function offersFor(invocation: Invocation): readonly Offer[] {
  const { context } = invocation
  const { verdict, paths } = context
  const waiting = queuedNames(paths.queue).length
  const hasRecorded = [paths.clientId, paths.state].some((place) => look(place) !== undefined)
  const hasSent = (look(paths.ledger)?.size ?? 0) > 0
  // What others could have put there is neither sent nor erased.
  const isOurs = foreignIn(paths).length === 0
  return [
    { value: 'status', label: 'Show whether it is on, and why' },
    { value: 'print', label: 'Preview what would be sent', hint: 'nothing is sent' },
    { value: 'explain', label: 'Explain each field, and why it is there' },
    ...(hasSent ? [{ value: 'log', label: 'Show what was sent' } as const] : []),
    ...(verdict.uploading && waiting > 0 && isOurs
      ? [{ value: 'upload', label: 'Send what waits', hint: plural(waiting, 'event') } as const]
      : []),
    ...changesFor(invocation, waiting),
    ...(hasRecorded && isOurs
      ? [{ value: 'forget', label: 'Erase everything, here and at the collector' } as const]
      : []),
    { value: 'view', label: 'Open all of it in the browser' },
    { value: 'quit', label: 'Quit' },
  ]
}

/** In a settings file that says something wrong, only an opt-out can be saved. */
function changesFor(invocation: Invocation, waiting: number): readonly Offer[] {
  const { context } = invocation
  const isOff = isOffByUser(context)
  const isFaulty = brokenSettings(context) !== undefined
  const [main = ''] = settingsTargets(context)
  const canTurnOff = !isOff && (waiting > 0 || !isUnreadable(main, context))
  // The product's own program may read another file here, which does not have the user's opt-out.
  const shadow = isOff ? shadowOf(invocation) : undefined
  const canTurnOffHere = shadow !== undefined && !isBeyondUs(shadow.file, context)
  return [
    ...(isOff && !isFaulty ? [{ value: 'enable', label: 'Turn telemetry on' } as const] : []),
    ...(canTurnOff
      ? [{ value: 'disable', label: 'Turn telemetry off', hint: 'for good' } as const]
      : []),
    ...(canTurnOffHere
      ? [{ value: 'disable', label: 'Turn telemetry off here, too' } as const]
      : []),
    ...(isFaulty ? [] : [{ value: 'endpoint', label: endpointLabel(context) } as const]),
  ]
}

function endpointLabel(context: Context): string {
  return onlyCounts(context) ? 'Send again' : 'Change the address'
}

async function act(choice: Exclude<Choice, 'quit'>, invocation: Invocation): Promise<void> {
  try {
    switch (choice) {
      case 'status':
        return await inPager(invocation, (one) => status(one, {}))
      case 'print':
        return await inPager(invocation, (one) => print(one, 'usage', {}))
      case 'explain':
        return await inPager(invocation, (one) => print(one, 'usage', { explain: true }))
      case 'log':
        return await inPager(invocation, (one) => log(one, { lines: '1000' }))
      case 'upload':
        await upload(invocation, {})
        return
      case 'enable':
        return enable(invocation, {})
      case 'disable':
        return await disable(invocation, {})
      case 'endpoint':
        return await changeEndpoint(invocation)
      case 'forget':
        return await forget(invocation, {})
      case 'view':
        return await (await import('./commands/view.ts')).view(invocation, { open: true })
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    invocation.io.err(errorText(error.message.trimEnd(), error.hint, invocation.io))
  }
}

/** What is longer than the terminal goes where a person can scroll it. */
async function inPager(
  invocation: Invocation,
  work: (invocation: Invocation) => void | Promise<void>,
): Promise<void> {
  const { io, environment } = invocation
  let shown = ''
  const show = (more: string): void => {
    shown += more
  }
  await work({ ...invocation, io: { ...io, out: show, err: show } })
  if (!page(shown, io.outHeight(), environment)) io.out(shown)
}

/** Only sending is turned off, in the user's own settings. */
function onlyCounts(context: Context): boolean {
  const ban = context.settings.said('uploads').find(({ value }) => !value)
  return context.verdict.decidedBy === 'uploads' && ban?.file?.role === 'user'
}

async function changeEndpoint(invocation: Invocation): Promise<void> {
  const { context, product } = invocation
  const { value } = context.choices.endpoint
  const answer = await text({
    message: 'Send events to (empty: send nothing)',
    initialValue: value,
    validate: (given) => {
      if (given === undefined || given.trim() === '') return undefined
      const parsed = parseEndpoint(given)
      if (parsed.ok) return undefined
      // The frame begins only the first line.
      return foldQuestion([`This ${parsed.fault}. ${parsed.hint}`], invocation.io).join('\n   ')
    },
  })
  if (isCancel(answer)) return
  if (answer !== value) await endpoint(invocation, answer ?? '', {})
  else if (onlyCounts(context)) {
    const isBuiltIn = value === product.endpoint
    await endpoint(invocation, isBuiltIn ? undefined : value, { reset: isBuiltIn })
  }
}
