import type { KeyPath } from '../../product/product.ts'
import type { Context } from '../../settings/context.ts'
import { lineIn, type SettingsFile } from '../../settings/files.ts'
import { keySpecs } from '../../settings/settings.ts'
import { isOthersText } from '../../settings/sources.ts'
import { Table } from '../../settings/table.ts'
import { settingsTargets } from '../../settings/targets.ts'
import type { Invocation } from '../invocation.ts'
import { printable } from '../io.ts'
import {
  because,
  headline,
  isMissingNamed,
  plural,
  problemText,
  strangerText,
  tidy,
  toBeOursAlone,
} from '../words.ts'
import { forbidsWriting, type Obstacle } from '../access.ts'
import { type Check, ok } from './machine.ts'

/** The verdict, each settings file and what is wrong with it, and whether we could change it. */
export function checkSettings(invocation: Invocation): readonly Check[] {
  const { context } = invocation
  return [
    ok('verdict', `${headline(context)} ${because(context).split('\n')[0]}`),
    ...problems(invocation),
    ...unknownKeys(invocation),
    ...strangers(invocation),
    ...settingsTargets(context).map((file) => writable('settings', file, invocation)),
  ]
}

function problems({ context }: Invocation): readonly Check[] {
  const { files, problems: found } = context.settings
  if (found.length === 0) {
    const count =
      files.length === 0
        ? 'No settings file exists.'
        : `${plural(files.length, 'settings file')} read.`
    return [ok('settings_files', count)]
  }
  return found.map((problem) => ({
    id: 'settings_files',
    status: 'fault',
    message: problemText({ ...problem, excerpt: '' }, context).trim(),
    hint: `${isMissingNamed(problem, context) ? '' : 'Correct it. '}Until then it counts as an opt-out.`,
  }))
}

/** Unknown keys in our own tables, and in those whose keys the product's program knows, too. */
function unknownKeys({ context, product }: Invocation): readonly Check[] {
  const known = new Map<string, Set<string>>()
  const strict = product.host?.strict ?? []
  const add = (table: string, ...keys: readonly string[]) =>
    known.set(table, new Set([...(known.get(table) ?? []), ...keys]))
  for (const { path } of keySpecs(product)) add(path.slice(0, -1).join('.'), ...path.slice(-1))
  for (const { table, keys } of strict) add(table.join('.'), ...keys)
  return context.settings.files.flatMap((file) =>
    [...known].flatMap(([name, keys]): readonly Check[] => {
      const path = name.split('.')
      const table = file.table.valueAt(path)
      if (!(table instanceof Table) || file.problem) return []
      const unknown = table.names().filter((key) => !keys.has(key))
      if (unknown.length === 0) return []
      const isStrict = strict.some((one) => one.table.join('.') === name)
      const which = isOthersText(file) ? linesOf(file, path, unknown) : someOf(unknown)
      const what = `${plural(unknown.length, 'unknown key')} in ${name}: ${which}`
      const them = unknown.length === 1 ? 'it' : 'them'
      const hint = isStrict
        ? `Remove ${them}: ${product.name} refuses the whole file.`
        : `Nobody reads ${them}.`
      const message = `${tidy(file.path, context)} has ${what}.`
      return [{ id: 'unknown_keys', status: 'warning', message, hint }]
    }),
  )
}

/** Where they are, in place of what others may have wanted us to show. */
function linesOf(file: SettingsFile, path: KeyPath, keys: readonly string[]): string {
  const lines = keys.slice(0, mostNamed).map((key) => `line ${lineIn(file, [...path, key])}`)
  return [...new Set(lines), ...(keys.length > mostNamed ? ['…'] : [])].join(', ')
}

const mostNamed = 3

/** The first few, and no more of a long one than tells which it is. */
function someOf(keys: readonly string[]): string {
  const named = keys.slice(0, mostNamed).map((key) => JSON.stringify(printable(key.slice(0, 40))))
  return [...named, ...(keys.length > mostNamed ? ['…'] : [])].join(', ')
}

function strangers({ context }: Invocation): readonly Check[] {
  return context.settings.files.flatMap((file): readonly Check[] => {
    const message = strangerText(file, context)
    if (message === undefined || file.stranger === undefined) return []
    const hint = `${toBeOursAlone[file.stranger]}.`
    return [{ id: 'owner', status: 'warning', message, hint }]
  })
}

export function writable(id: string, file: string, { context }: Invocation): Check {
  const obstacle = forbidsWriting(file)
  if (obstacle === undefined) return ok(id, `${tidy(file, context)} can be written.`)
  return {
    id,
    status: 'fault',
    message: `${tidy(file, context)} cannot be written.`,
    hint: remedyOf(obstacle, context),
  }
}

function remedyOf({ place, code }: Obstacle, context: Context): string {
  const shown = tidy(place, context)
  if (code === 'EROFS') return 'Its file system is read-only.'
  if (code === 'ENOTDIR')
    return `${shown} is not a folder: remove it, or put a folder in its place.`
  return `Change the owner or the mode of ${shown}.`
}
