import { erasureRequests, postErasure } from '../../deliver/erase.ts'
import { describe, type PostOutcome } from '../../deliver/http/outcome.ts'
import { goneStatus } from '../../deliver/schedule.ts'
import { causeOf } from '../../files/errors.ts'
import { look } from '../../files/read.ts'
import { buildVersion } from '../../product/build.ts'
import { certainClientId } from '../../store/client-id.ts'
import { erasureFile, eventsOfOthers, notePending } from '../../store/erasure.ts'
import type { Context } from '../../settings/context.ts'
import { optOut } from '../../store/opt-out.ts'
import { isOffByUser, removeEverything, requireOptOut, targetsOf } from '../change.ts'
import { hostOf, troubleText } from '../delivery-words.ts'
import { needed } from '../access.ts'
import { type ErasurePlaces, erasurePlaces, notAsked } from '../erasure-places.ts'
import { CliError, wrongUsage } from '../error.ts'
import { foldOut } from '../fold.ts'
import { type Invocation, reassessed, report } from '../invocation.ts'
import { printable } from '../io.ts'
import { hostWarning } from '../host-words.ts'
import { plural, tidy } from '../words.ts'

export interface ForgetOptions {
  readonly json?: boolean
  /** The user has agreed already. */
  readonly yes?: boolean
}

/** Has the collector erase what was sent, then removes what is kept here. Leaves telemetry off. */
export async function forget(invocation: Invocation, options: ForgetOptions): Promise<void> {
  const { context, io, product } = invocation
  const { json, yes } = options
  const endpoint = context.choices.endpoint.value
  const preview = requestsFor(invocation)
  const canAsk = !json && io.outIsTerminal && io.inIsTerminal()
  if (!yes && !canAsk) throw unasked(product.command)
  const isThere = preview.length > 0 || look(context.paths.state) !== undefined
  // Where everything is gone and telemetry is off, nothing is left to agree to.
  const isAsking = !yes && (isThere || !isOffByUser(context))
  if (isAsking) {
    const lines = whatIsAsked(preview, invocation).map(printable)
    io.out(`${foldOut(lines, io).join('\n')}\n`)
    const { agree } = await import('../agree.ts')
    // Nobody is to erase anything by pressing Enter once too often.
    const isAgreed = await agree(questionOf(preview, isThere), io, { enterMeans: false })
    if (!isAgreed) throw new CliError('Nothing was changed, and nothing was sent.')
  }

  // First nothing more may leave. The queue stays until the collector has answered.
  const off = [[product.keys.enabled, false]] as const
  const done = await optOut(context, targetsOf(invocation, off), { keepQueue: true })
  const after = reassessed(invocation)
  const soFar = 'Telemetry is off, and nothing was erased'
  requireOptOut(after, { ...done, wiped: 0 }, soFar, { undone: 'Nothing was erased. ' })
  // A host may have recorded and sent something until now.
  const requests = requestsFor(after, preview)
  if (isAsking && requests.length > preview.length) {
    const news = ['Recorded in the meantime, so this is asked for, too:']
    const more = [...news, ...indented(requests.slice(preview.length))]
    io.out(`${foldOut(more, io).join('\n')}\n`)
  }
  // Settings that cannot be read for a moment name no address, so the earlier ones do.
  const known = after.context.settings.problems.length === 0 ? after : invocation
  const places = placesOf(known)
  const { asked, elsewhere } = places
  // The id is removed with the rest.
  const untold = notAsked(places, known.context)
  if (requests.length > 0) for (const place of asked) await ask(known, requests, place)

  const removed = isThere
    ? removeEverything(
        after,
        'forget',
        requests.length > 0 ? 'The collector has confirmed the erasure' : undefined,
      )
    : []
  const end = reassessed(invocation)
  const details = {
    erased: requests.length > 0,
    requests: requests.length,
    endpoint,
    asked: requests.length > 0 ? asked : [],
    elsewhere: [...elsewhere].map(([place, events]) => ({ endpoint: place, events })),
    removed,
  }
  report(end, json, details, [
    ...(requests.length > 0
      ? asked.map((place) => `${hostOf(place)} has confirmed the erasure.`)
      : // Who was asked has read it.
        isAsking
        ? []
        : [nothingThere]),
    ...untold,
    ...removed.map((file) => `Removed ${tidy(file, context)}`),
    `${product.name} telemetry is off, for good.`,
    ...hostWarning(end.context),
  ])
}

async function ask(
  { context, product, environment }: Invocation,
  requests: readonly string[],
  endpoint: string,
): Promise<void> {
  try {
    notePending(context.paths, new Date(environment.now()).toISOString(), endpoint)
  } catch (error) {
    throw unnoted(context, error)
  }
  const agent = `${product.id}-telemetry/${buildVersion}`
  const outcome = await postErasure(context, agent, endpoint, requests)
  if (outcome.kind === 'delivered') return
  throw new CliError(`The erasure is not confirmed. ${whyRefused(outcome, endpoint, context)}`, {
    hint:
      'Telemetry is off, and nothing was removed here: the id is needed to ask again.\n' +
      `Try again: ${product.command} forget`,
  })
}

/** Unnoted, nobody would know after a crash that something may be erased already. */
function unnoted(context: Context, error: unknown): CliError {
  const file = tidy(erasureFile(context.paths), context)
  return new CliError(`Nothing was sent: ${file} can't be written (${causeOf(error)}).`, {
    hint: 'Telemetry is off, and nothing was removed here.',
    cause: error,
  })
}

function whyRefused(outcome: PostOutcome, endpoint: string, context: Context): string {
  const host = hostOf(endpoint)
  const status = outcome.kind === 'answered' ? outcome.status : undefined
  if (status === goneStatus) return `${host} no longer takes requests (410).`
  return troubleText(describe(outcome), host, context)
}

const noErasure = 'Nothing was erased'

function requestsFor({ context }: Invocation, shown: readonly string[] = []): readonly string[] {
  const { clientId, ledger } = context.paths
  const id = needed(clientId, context, noErasure, () => certainClientId(clientId))
  const others = needed(ledger, context, noErasure, () => eventsOfOthers(context.paths, id))
  return erasureRequests(context, id, others, shown)
}

function placesOf({ context }: Invocation): ErasurePlaces {
  return needed(context.paths.ledger, context, noErasure, () => erasurePlaces(context))
}

const nothingThere =
  'There is no client id here and no record of anything sent, so there is nothing to ask for. ' +
  'Events sent under an earlier id, and not erased since, may still be at the collector: ' +
  'its operator can erase them by that id.'

function questionOf(requests: readonly string[], isThere: boolean): string {
  if (requests.length > 0) {
    return 'Erase everything here and at the collector, and turn telemetry off?'
  }
  return isThere ? 'Erase everything here, and turn telemetry off?' : 'Turn telemetry off for good?'
}

function whatIsAsked(requests: readonly string[], invocation: Invocation): readonly string[] {
  if (requests.length === 0) return [nothingThere]
  const places = placesOf(invocation)
  return [
    `${plural(requests.length, 'request')} to ${places.asked.join(' and ')}:`,
    ...indented(requests),
    ...notAsked(places, invocation.context),
  ]
}

function indented(requests: readonly string[]): readonly string[] {
  return requests.map((bytes) => `  ${bytes}`)
}

function unasked(command: string): CliError {
  return new CliError('Nothing was erased: nobody could be asked.', {
    exitCode: wrongUsage,
    hint: `To erase without being asked, run ${command} forget --yes`,
  })
}
