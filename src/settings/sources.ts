import path from 'node:path'

import { lookAtLink } from '../files/look.ts'
import type { Product } from '../product/product.ts'
import { readSettingsFile, type SettingsFile } from './file.ts'
import type { Paths } from './paths.ts'
import type { Surroundings } from './surroundings.ts'

/** Every settings file that has a say here, the user's own first. */
export function readSources(
  product: Product,
  paths: Paths,
  surroundings: Surroundings,
): readonly SettingsFile[] {
  const named = namedFile(product, surroundings)
  const project = projectPlaces(product, surroundings).find(exists)
  const candidates = [
    readSettingsFile('user', paths.settings),
    named === undefined ? undefined : readNamed(named),
    project === undefined ? undefined : readSettingsFile('project', project),
    paths.homeSettings === undefined ? undefined : readSettingsFile('home', paths.homeSettings),
  ]
  const seen = new Set<string>()
  return candidates.filter((file): file is SettingsFile => {
    if (file === undefined || seen.has(file.path)) return false
    seen.add(file.path)
    return true
  })
}

/** Every path where a settings file would be heard, whether there is one or not. */
export function settingsPlaces(
  product: Product,
  paths: Paths,
  surroundings: Surroundings,
): readonly string[] {
  return [
    paths.settings,
    namedFile(product, surroundings),
    ...projectPlaces(product, surroundings),
    paths.homeSettings,
  ].filter((file) => file !== undefined)
}

function namedFile(product: Product, { env, cwd }: Surroundings): string | undefined {
  const { config } = product.variables
  const named = config === undefined ? undefined : env[config]
  return named ? path.resolve(cwd ?? path.sep, named) : undefined
}

/** Somebody who names a file means it: when it is missing, what it would have said is unknown. */
function readNamed(file: string): SettingsFile {
  return (
    readSettingsFile('named', file) ?? {
      role: 'named',
      path: file,
      text: '',
      table: {},
      problem: { path: file, message: 'it does not exist' },
    }
  )
}

/** From the working folder up, the nearest first. */
function projectPlaces({ places }: Product, { cwd }: Surroundings): readonly string[] {
  if (places.projectSettings === undefined || cwd === undefined) return []
  const files: string[] = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    files.push(path.join(folder, places.projectSettings))
    if (folder === path.dirname(folder)) return files
  }
}

function exists(file: string): boolean {
  // Not existsSync: a link that leads nowhere is there, and must be reported as unreadable.
  return lookAtLink(file) !== undefined
}
