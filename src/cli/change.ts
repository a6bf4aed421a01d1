import type { Context } from '../settings/context.ts'
import type { Role } from '../settings/files.ts'
import { ignoresVariables, readHost } from '../settings/host.ts'
import { settingsTargets } from '../settings/targets.ts'
import type { OptOut, Target } from '../store/opt-out.ts'
import { type Kept, queuedNames } from '../store/queue.ts'
import type { Stop } from '../store/senders.ts'
import { type Changes, changeSettings, SettingsError } from '../store/settings-file.ts'
import { causeOf } from '../files/errors.ts'
import { look } from '../files/read.ts'
import { forgetEverything } from '../store/cleanup.ts'
import { foreignIn } from '../store/foreign.ts'
import { CliError } from './error.ts'
import { howToStopHost, stopHostByHand } from './host-words.ts'
import type { Invocation } from './invocation.ts'
import { exceptItself, foreignText, hostHere, plural, problemText, tidy } from './words.ts'

/**
 * Changes the user's settings, in every file that counts for it. Answers with those that said otherwise.
 * `soFar` is what is true if that fails.
 */
export function change(
  invocation: Invocation,
  changes: Changes,
  soFar?: string,
): readonly string[] {
  const { context } = invocation
  const changed: string[] = []
  const failed = (error: SettingsError): CliError => {
    const names = changed.map((file) => tidy(file, context)).join(', ')
    const done = names === '' ? 'Nothing was changed.' : `Changed so far: ${names}.`
    const first = error.problem.isPassing ? 'Run' : 'Correct that first, then run'
    return cannotChange(invocation, [error], `${soFar ?? done} ${first} this again.`)
  }
  const targets = writtenBy(invocation, changes)
  const problem = context.settings.problems.find(
    ({ path, isPassing }) => !isPassing && targets.some(({ file }) => file === path),
  )
  if (problem) throw failed(new SettingsError(problem))
  // What the main one says comes first. It goes last, so that it still says it if another one fails.
  for (const { file, role, changes: wanted } of targets.toReversed()) {
    try {
      if (changeSettings(file, role, wanted)) changed.unshift(file)
    } catch (error) {
      throw error instanceof SettingsError ? failed(error) : error
    }
  }
  return changed
}

/** Where a change of the user's settings goes. */
export function targetsOf({ context }: Invocation, changes: Changes): readonly Target[] {
  return settingsTargets(context).map((file) => ({ file, role: 'user' as Role, changes }))
}

/** Only an opt-out makes a second file; other changes go where there is one. */
export function writtenBy(invocation: Invocation, changes: Changes): readonly Target[] {
  return targetsOf(invocation, changes).filter(
    ({ file }, index) => index === 0 || look(file) !== undefined,
  )
}

/** Do the user's own settings turn telemetry off? */
export function isOffByUser({ verdict }: Context): boolean {
  return verdict.rules.some(({ rule, effect }) => rule === 'user_settings' && effect === 'off')
}

/** Says which files could not be changed, and what that means. */
export function cannotChange(
  { context }: Pick<Invocation, 'context'>,
  failures: readonly SettingsError[],
  hint: string,
): CliError {
  const problems = failures.map(({ problem }) => problemText(problem, context))
  return new CliError(`Cannot change the settings.\n${problems.join('\n')}`, {
    hint,
    cause: failures[0],
  })
}

/** What is true although the opt-out could not be saved, and what works meanwhile. */
function unsaved({ context, product }: Invocation, failures: readonly SettingsError[]): string {
  const variable = `${product.variables.off}=1 in the environment`
  const isUnread = context.verdict.decidedBy === 'invalid_settings'
  const stillOff = isUnread ? ' for as long as that file stays as it is' : ''
  const except = exceptItself(product)
  const meanwhile = context.verdict.collecting
    ? `Telemetry is still on. Until you can save it there, ${variable} turns it off${except}.`
    : `Telemetry is off anyway${stillOff}. ${variable} keeps it off${except}.`
  return `${meanwhile}${unheard(context, failures)}`
}

/** Its own program may pass over a file that we find unclear, or read a project's in its place. */
function unheard(context: Context, failures: readonly SettingsError[]): string {
  const { product } = context
  const host = hostHere(context)
  if (host?.enabled !== true || !ignoresVariables(product)) return ''
  const hasFailed =
    host.reads === null || failures.some(({ problem }) => problem.path === host.reads)
  const advice = hasFailed ? stopHostByHand(context) : howToStopHost(context)
  return `\n${product.name} itself would still send from here.\n${advice}`.trimEnd()
}

/**
 * Ends a command with an error where the opt-out does not hold everywhere; `soFar` is what does hold,
 * and `undone` is what the command was to do besides. `mayCount`: it was about sending alone.
 * `isMeans`: nobody asked for the opt-out, which was to serve something else.
 */
export function requireOptOut(
  invocation: Invocation,
  { failures, files, wiped, kept, ...stop }: OptOut,
  soFar: string,
  {
    mayCount = false,
    isMeans = false,
    undone = '',
  }: { readonly mayCount?: boolean; readonly isMeans?: boolean; readonly undone?: string } = {},
): void {
  const { context } = invocation
  const undeleted = [
    ...foreignIn(context.paths).map((one) => foreignText(one, context)),
    ...(kept === undefined ? [] : [undeletedText(kept, context)]),
  ]
  if (failures.length > 0) {
    const deleted = wiped === 0 ? '' : 'What was waiting was deleted. '
    const names = files.map((file) => tidy(file, context)).join(' and ')
    const saved = isMeans || names === '' ? [] : [`The opt-out is saved in ${names}.`]
    const advice = isMeans ? '' : unsaved(invocation, failures)
    const left = isMeans ? [] : undeleted
    const sending = stop.stopped ? [] : ['What was being sent may still be leaving this machine.']
    const said = `${undone}${deleted}${advice}`.trimEnd()
    const hint = [...saved, said, ...left, ...sending].join('\n')
    throw cannotChange(invocation, failures, hint)
  }
  const { collecting, uploading } = context.verdict
  if (uploading || (collecting && !mayCount)) {
    throw new CliError(
      `${uploading ? 'Sending' : 'Counting'} was allowed again while this command was at work.`,
      { hint: 'Another program has changed the settings. Run this again if that was not you.' },
    )
  }
  requireStopped(invocation, stop, soFar)
  if (undeleted.length === 0) return
  throw new CliError(`${soFar}, but what is kept on this machine could not be deleted.`, {
    hint: [...undeleted, 'Nothing is sent from there. Put that right, then run this again.'].join(
      '\n',
    ),
  })
}

function undeletedText({ path: file, cause }: Kept, context: Context): string {
  const waiting = queuedNames(context.paths.queue).length
  const what = waiting === 0 ? '' : `${plural(waiting, 'waiting event')} could not be deleted. `
  return `${what}${tidy(file, context)}: ${cause}.`
}

/** Ends a command with an error where a process may still be sending; `soFar` is what does hold. */
export function requireStopped(
  { context }: Invocation,
  { stopped, elsewhere, unlisted, isInKernel }: Stop,
  soFar: string,
  patience = 'To be sure that it has, run this again in 15 seconds.',
): void {
  if (stopped) return
  if (unlisted !== undefined) {
    throw new CliError(`${soFar}, but whether a process is still sending can't be seen.`, {
      hint: `${tidy(unlisted.path, context)}: ${unlisted.cause}. Put that right, then run this again.`,
    })
  }
  if (isInKernel) {
    throw new CliError(
      `${soFar}, but the system may still be sending what a killed process has left.`,
      { hint: 'It gives up after a few minutes. To be sure that it has, run this again then.' },
    )
  }
  throw elsewhere
    ? new CliError(
        `${soFar}, but a process in a container, or on another machine that shares your home folder, ` +
          'may still be sending.',
        { hint: `It stops by itself. ${patience}` },
      )
    : new CliError(`${soFar}, but a process that was sending could not be stopped.`, {
        hint: 'It sends nothing after what it is sending now. Restart the machine to be sure.',
      })
}

/** Removes everything but the settings; `soFar` is what holds already. */
export function removeEverything(
  { context, product }: Invocation,
  command: string,
  soFar?: string,
): readonly string[] {
  const { removed, failure } = forgetEverything(context.paths)
  if (failure === undefined) return removed
  const kept = keptText(failure, context)
  throw new CliError(soFar === undefined ? kept : `${soFar}, but ${kept}`, {
    hint: `Remove it, then run ${product.command} ${command} again.`,
    cause: failure,
  })
}

/** The same where the opt-out has failed: that error, and what became of everything else. */
export function removeAllTheSame({ context }: Invocation, error: CliError): CliError {
  const { removed, failure } = forgetEverything(context.paths)
  const rest = [
    ...removed.map((file) => `Removed ${tidy(file, context)}`),
    ...(failure === undefined ? [] : [keptText(failure, context)]),
  ]
  return alsoSaying(error, rest)
}

export function alsoSaying(error: CliError, more: readonly string[]): CliError {
  const { message, hint, exitCode } = error
  const hints = [...(hint === undefined ? [] : [hint]), ...more]
  return new CliError(message, { exitCode, hint: hints.join('\n'), cause: error.cause })
}

function keptText(failure: unknown, context: Context): string {
  const { path: file = context.paths.state } = failure as NodeJS.ErrnoException
  return `${tidy(file, context)} can't be removed: ${causeOf(failure)}.`
}

/** The line on which a program that reads one file only finds no opt-out; undefined where it obeys. */
export function shadowOf({ product, environment, context }: Invocation) {
  const host = readHost(product, environment, context.settings.files, context.see)
  if (host?.enabled !== true || host.reads === null || host.source === 'user') return undefined
  return { file: host.reads, name: tidy(host.reads, context) }
}
