import path from 'node:path'

import { look, statLink } from '../files/read.ts'
import type { Product } from '../product/product.ts'
import { broken, readSettingsFile, type Role, type SettingsFile } from './files.ts'
import type { HostEnvironment } from './host-environment.ts'
import type { Paths } from './paths.ts'
import { strangerAt } from './trust.ts'

/** Every settings file that counts here, in the order of the rules. */
export function readSources(
  product: Product,
  paths: Paths,
  environment: HostEnvironment,
): readonly SettingsFile[] {
  const { systemSettings, settings, alsoSettings, homeSettings } = paths
  const named = namedFile(product, environment)
  const projects = projectFiles(product, environment)
  const isManifest = (file: string) => projectNames(product).includes(path.basename(file))
  const candidates = [
    systemSettings === undefined ? undefined : readSettingsFile('system', systemSettings),
    ...[settings, ...alsoSettings].map((file) => readSettingsFile('user', file)),
    // A variable may name a project's own manifest, which gives it no more rights.
    named === undefined ? undefined : readNamed(isManifest(named) ? 'project' : 'named', named),
    ...projects.map((file) => readSettingsFile('project', file)),
    homeSettings === undefined ? undefined : readSettingsFile('home', homeSettings),
  ]
  const seen = new Set<string>()
  return candidates.flatMap((file) => {
    if (file === undefined || seen.has(file.path)) return []
    seen.add(file.path)
    return judged(file, product, environment)
  })
}

function judged(file: SettingsFile, product: Product, environment: HostEnvironment): SettingsFile {
  return { ...discreet(file, product), stranger: strangerAt(file.path, environment) }
}

/**
 * A project's file may be a link to any file, whose content must not be shown. Of a broken file only
 * a line that sets one of our keys is shown.
 */
function discreet(file: SettingsFile, { keys }: Product): SettingsFile {
  const { problem } = file
  if (problem?.excerpt === undefined || !['project', 'named'].includes(file.role)) return file
  const { excerpt, ...rest } = problem
  const lines = excerpt.split('\n')
  const shown = lines.findIndex((line) => line.startsWith(`${problem.line}:`))
  const known = [...new Set([keys.enabled, ...keys.alsoEnabled, keys.endpoint, keys.uploads])].map(
    (key) => key.at(-1),
  )
  const [, key] = /^\d+:\s*(?:[\w-]+\.)*([\w-]+)\s*=/.exec(lines[shown] ?? '') ?? []
  if (key === undefined || !known.includes(key)) return { ...file, problem: rest }
  return { ...file, problem: { ...rest, excerpt: lines.slice(shown, shown + 2).join('\n') } }
}

/** Every path where a settings file would count, whether it exists or not. */
export function settingsPlaces(
  product: Product,
  paths: Paths,
  environment: HostEnvironment,
): readonly string[] {
  return [
    paths.systemSettings,
    paths.settings,
    ...paths.alsoSettings,
    namedFile(product, environment),
    ...projectPlaces(projectNames(product), environment).flat(),
    paths.homeSettings,
  ].filter((file) => file !== undefined)
}

function namedFile(product: Product, { env, cwd }: HostEnvironment): string | undefined {
  const { config } = product.variables
  const named = config === undefined ? undefined : env[config]
  return named ? path.resolve(cwd ?? path.sep, named) : undefined
}

/** A file that a variable names is meant to exist. If it is missing, its content is unknown. */
function readNamed(role: Role, file: string): SettingsFile {
  return (
    readSettingsFile(role, file) ?? {
      role: 'named',
      path: file,
      ...broken(file, { message: 'it does not exist' }),
    }
  )
}

export function projectNames({
  places: { projectSettings: names = [] },
}: Product): readonly string[] {
  return typeof names === 'string' ? [names] : names
}

/**
 * The project's files: those of the nearest folder that has one. A folder with such a name does not
 * count. A broken link or a pipe counts (as unclear), but the search goes on, as it does in the
 * product's own program.
 */
function projectFiles(product: Product, environment: HostEnvironment): readonly string[] {
  const odd: string[] = []
  for (const files of projectPlaces(projectNames(product), environment)) {
    const found = files.filter((file) => statLink(file) !== undefined && !look(file)?.isDirectory())
    odd.push(...found)
    if (found.some((file) => look(file)?.isFile())) return odd
  }
  return odd
}

/** For each folder from the working folder upwards, the files that a project could have there. */
export function projectPlaces(
  names: readonly string[],
  { cwd }: Pick<HostEnvironment, 'cwd'>,
): readonly (readonly string[])[] {
  if (names.length === 0 || cwd === undefined) return []
  const places: string[][] = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    places.push(names.map((name) => path.join(folder, name)))
    if (folder === path.dirname(folder)) return places
  }
}
