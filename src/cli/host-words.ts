import type { Product } from '../product/product.ts'
import type { Context } from '../settings/context.ts'
import { isJson } from '../settings/files.ts'
import { readHost } from '../settings/host.ts'
import { settingsTargets } from '../settings/targets.ts'
import { forbidsWriting } from './access.ts'
import { hostHere, tidy } from './words.ts'

/** How the product's own program learns of an opt-out: it may read one settings file and nothing else. */

/** Said wherever telemetry is off and the program itself does not know it. */
export function hostWarning(context: Context): readonly string[] {
  const host = hostHere(context)
  if (host === null || host.agrees) return []
  const { product, verdict } = context
  if (verdict.decidedBy === 'uploads') {
    return [
      `Warning: ${product.name} itself does not know this setting and would still send from here.`,
      howToStopHost(context),
    ]
  }
  const reads = host.reads === null ? 'no settings here' : `only ${tidy(host.reads, context)} here`
  return [
    `Warning: ${product.name} itself would still send from here.`,
    `It reads ${reads}, and ignores everything else.`,
    howToStopHost(context),
  ]
}

/** What stops it here: the command, if that can change the file that the program reads. */
export function howToStopHost(context: Context): string {
  const { file, isUsers } = readByHost(context)
  const byHand = isBeyondUs(file, context) ? stopHostByHand(context) : ''
  if (byHand !== '') return byHand
  return `To stop it: ${context.product.command} disable${isUsers ? '' : ' --here'}`
}

/** What stops it where no command can; empty if nothing does. */
export function stopHostByHand(context: Context): string {
  const { product } = context
  const { file } = readByHost(context)
  if (isUnreadable(file, context) && forbidsWriting(file) === undefined) {
    const says = isJson(file)
      ? `in which ${product.keys.enabled.join('.')} is false`
      : `that has ${optOutLine(product)}`
    return `To stop it: replace ${tidy(file, context)} with a file ${says}.`
  }
  const { config } = product.variables
  if (!product.host?.reads.some((one) => 'variable' in one && one.variable === config)) return ''
  return `To stop it: write ${optOutLine(product)} to another file, and set ${config} to its path.`
}

/** Where it reads no file, it would read the last of the user's. */
function readByHost(context: Context): { readonly file: string; readonly isUsers: boolean } {
  const { product, environment, settings, see, paths } = context
  const host = readHost(product, environment, settings.files, see)
  return {
    file: host?.reads ?? settingsTargets(context).at(-1) ?? paths.settings,
    isUsers: host?.source !== 'project' && host?.source !== 'variable',
  }
}

/** Can no command change the file? */
export function isBeyondUs(file: string, context: Context): boolean {
  return isUnreadable(file, context) || forbidsWriting(file) !== undefined
}

/** One that only says something wrong still takes an opt-out. */
export function isUnreadable(file: string, { settings }: Context): boolean {
  return settings.files.some(
    ({ path: one, problem }) => one === file && problem !== undefined && !problem.isPassing,
  )
}

/** The opt-out as a TOML file spells it. */
function optOutLine({ keys }: Product): string {
  return `${keys.enabled.at(-1)} = false under [${keys.enabled.slice(0, -1).join('.')}]`
}
