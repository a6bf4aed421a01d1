import type { Context } from '../settings/context.ts'
import type { Problem, SettingsFile } from '../settings/files.ts'
import { settingsTargets } from '../settings/targets.ts'
import { printable } from './io.ts'
import { alsoBecause, isMissingNamed, tidy } from './words.ts'

/** How to send again where only sending is forbidden. */
export function wayOut(context: Context): readonly string[] {
  const { product, verdict, choices } = context
  if (!verdict.collecting || verdict.uploading) return []
  if (verdict.decidedBy === 'collector') {
    const isForbidden = alsoBecause(context).length > 0
    return isForbidden ? [] : [`The next version of ${product.name} may send again.`]
  }
  const { value } = choices.endpoint
  const address = value === product.endpoint ? '--reset' : value
  const command = `${product.command} endpoint ${printable(address)}`
  return [`Send again: ${liftedBy(command, 'uploads', context)}`]
}

/** What takes back an opt-out: a command changes the user's settings, and no other file that says no. */
export function liftedBy(command: string, key: 'enabled' | 'uploads', context: Context): string {
  const { settings } = context
  const ours = settingsTargets(context)
  const isOurs = ({ file }: { readonly file?: SettingsFile }) => ours.includes(file?.path ?? '')
  const noes = settings.said(key).filter(({ value }) => !value)
  const others = [
    ...noes.filter((one) => !isOurs(one)).map(({ source }) => source),
    ...settings.problems.filter((one) => isInAFile(one, context)).map(spotOf),
  ].map((place) => tidy(place, context))
  if (others.length === 0) return command
  const places = [...new Set(others)].join(' and ')
  return noes.some(isOurs) ? `${command}, and in ${places} by hand` : `change ${places} by hand`
}

function isInAFile(problem: Problem, context: Context): boolean {
  return problem.isPassing !== true && !isMissingNamed(problem, context)
}

function spotOf({ path: file, line }: Problem): string {
  return line === undefined ? file : `${file}:${line}`
}
