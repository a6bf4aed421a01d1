import type { Role } from '../../settings/files.ts'
import type { Context } from '../../settings/context.ts'
import { certainClientId } from '../../store/client-id.ts'
import { foreignIn } from '../../store/foreign.ts'
import { readLedger } from '../../store/ledger.ts'
import { type OptOut, optOut, type Target } from '../../store/opt-out.ts'
import {
  alsoSaying,
  removeAllTheSame,
  removeEverything,
  requireOptOut,
  shadowOf,
  targetsOf,
} from '../change.ts'
import { needed } from '../access.ts'
import { CliError } from '../error.ts'
import { howToStopHost, isBeyondUs } from '../host-words.ts'
import { type Invocation, reassessed, report } from '../invocation.ts'
import { liftedBy } from '../way-out.ts'
import { plural, tidy } from '../words.ts'

export interface DisableOptions {
  readonly json?: boolean
  readonly forget?: boolean
  /** Also in the settings of the project that the working folder is in. */
  readonly here?: boolean
}

export async function disable(invocation: Invocation, options: DisableOptions): Promise<void> {
  const { json, forget } = options
  const { product, ink } = invocation
  const changes = [[product.keys.enabled, false]] as const
  const inProject = (files: readonly string[]): readonly Target[] =>
    files.map((file) => ({ file, role: 'project' as Role, changes }))
  const here = options.here ? filesHere(invocation) : []
  const targets = [...targetsOf(invocation, changes), ...inProject(here)]

  let done = await optOut(invocation.context, targets)
  // Asked only now, so that closing the terminal instead of answering leaves telemetry off.
  const agreed = await filesAgreedTo(invocation, options)
  if (agreed.length > 0) {
    const { changed, wiped } = done
    const all = await optOut(invocation.context, [...targets, ...inProject(agreed)])
    done = { ...all, changed: changed || all.changed, wiped: wiped + all.wiped }
  }
  const after = reassessed(invocation)
  const { context } = after
  try {
    requireOptOut(after, done, 'Telemetry is off')
  } catch (error) {
    throw forget && error instanceof CliError ? removeRest(error, after, done) : error
  }
  const left = forget ? leftBehind(context, 'Telemetry is off, but nothing else was removed') : []
  const forgotten = forget ? removeEverything(after, 'disable --forget', 'Telemetry is off') : []
  const removed = forgotten.map((file) => `Removed ${tidy(file, context)}`)
  const { changed, wiped, files } = done
  const deleted = wiped === 0 ? [] : [`${plural(wiped, 'waiting event')} deleted.`]
  requireHeard(after, [...deleted, ...removed, ...left])

  report(after, json, { changed, wiped, ...(forget ? { forgotten } : {}) }, [
    `${product.name} telemetry is off, for good.`,
    'Nothing is recorded, and nothing is sent.',
    ...files.map((file) => `${changed ? 'Saved' : 'Already saved'} in ${tidy(file, context)}`),
    ...(options.here && here.length === 0 ? ['No project has settings here.'] : []),
    ...(wiped === 0 ? ['Nothing was waiting to be sent.'] : deleted),
    ...removed,
    ...(forget && forgotten.length === 0 ? ['Nothing else was kept here.'] : []),
    ...left,
    `Turn it on again: ${liftedBy(ink.name(`${product.command} enable`), 'enabled', context)}`,
  ])
}

/** Once the id is gone from here, only someone who kept it can have what was sent under it erased. */
function leftBehind(context: Context, soFar: string): readonly string[] {
  const { ledger, clientId } = context.paths
  const sent = needed(ledger, context, soFar, () => readLedger(ledger, true)).length
  if (sent === 0) return []
  const id = needed(clientId, context, soFar, () => certainClientId(clientId))
  const which = id === undefined ? 'it' : `what has the client id ${id}`
  return [
    `${plural(sent, 'event')} sent earlier ${sent === 1 ? 'is' : 'are'} not erased at the collector. ` +
      `Its operator can erase ${which}.`,
  ]
}

/** Where the opt-out has failed, the rest is done all the same. What others may have made is left alone. */
function removeRest(failed: CliError, after: Invocation, { stopped }: OptOut): CliError {
  if (foreignIn(after.context.paths).length > 0) return failed
  // Without it, the next `disable` would see nothing that it has to wait for.
  if (!stopped) return alsoSaying(failed, [notRemoved])
  try {
    const left = leftBehind(after.context, 'Nothing else was removed')
    return alsoSaying(removeAllTheSame(after, failed), left)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return alsoSaying(failed, [error.message])
  }
}

const notRemoved = 'Nothing else was removed yet, because it says what may still be sending.'

/** The file that the product reads here in place of the user's, or else the project's nearest. */
function filesHere(invocation: Invocation): readonly string[] {
  const shadow = shadowOf(invocation)
  if (shadow !== undefined) return [shadow.file]
  const { files } = invocation.context.settings
  return files
    .filter(({ role }) => role === 'project')
    .map(({ path }) => path)
    .slice(0, 1)
}

/** The project's file, if a person in a terminal agrees to turn telemetry off there, too. */
async function filesAgreedTo(
  invocation: Invocation,
  { here, json }: DisableOptions,
): Promise<readonly string[]> {
  const { io, product } = invocation
  const shadow = shadowOf(invocation)
  if (here || shadow === undefined || json || !io.outIsTerminal || !io.inIsTerminal()) return []
  if (isBeyondUs(shadow.file, invocation.context)) return []
  const { agree } = await import('../agree.ts')
  const question =
    `${product.name} reads ${shadow.name} here, and no other settings. ` +
    'Turn telemetry off in that file, too?'
  return (await agree(question, io)) ? [shadow.file] : []
}

/** Where the product's own program reads another file, that one has to say it. `done` is what was done. */
function requireHeard(after: Invocation, done: readonly string[]): void {
  const { product } = after
  const shadow = shadowOf(after)
  if (shadow === undefined) return
  const advice = isBeyondUs(shadow.file, after.context)
    ? howToStopHost(after.context)
    : `To turn it off in that file, too, run ${product.command} disable --here`
  throw new CliError(
    `Telemetry is off in your settings, but ${product.name} does not read them here: ` +
      `it reads ${shadow.name}, and would still send from here.`,
    { hint: [...done, advice].join('\n') },
  )
}
