import path from 'node:path'

import { steadyMs } from '../files/clock.ts'
import type { Snapshot } from '../files/snapshot.ts'
import type { Product } from '../product/product.ts'
import { broken, inTheWayOf, readSettingsFile, type Role, type SettingsFile } from './files.ts'
import type { HostEnvironment } from './host-environment.ts'
import type { Paths } from './paths.ts'
import { strangerAt } from './trust.ts'

/** Every settings file that counts here, in the order of the rules. */
export function readSources(
  product: Product,
  paths: Paths,
  environment: HostEnvironment,
  see: Snapshot,
): readonly SettingsFile[] {
  const read = (role: Role, file: string) => readSettingsFile(role, file, see(file))
  const find = (role: Role, file: string) => {
    const found = read(role, file)
    if (found !== undefined) missed.delete(file)
    return found ?? unreachable(role, file, see)
  }
  const { systemSettings, settings, alsoSettings, homeSettings } = paths
  const named = namedFile(product, environment)
  const projects = projectFiles(product, environment, see)
  const isManifest = (file: string) => projectNames(product).includes(path.basename(file))
  const candidates = [
    systemSettings === undefined ? undefined : find('system', systemSettings),
    ...[settings, ...alsoSettings].map((file) => find('user', file)),
    // A variable may name a project's own manifest, which gives it no more rights.
    named === undefined
      ? undefined
      : (read(isManifest(named) ? 'project' : 'named', named) ?? missing(named)),
    ...projects.map((file) => read('project', file)),
    ...homeSettings.map((file) => find('home', file)),
  ]
  const judged = (file: SettingsFile): SettingsFile =>
    discreet({ ...file, stranger: strangerAt(file.path, environment, see) }, product)
  const seen = new Set<string>()
  return candidates.flatMap((file) => {
    if (file === undefined || seen.has(file.path)) return []
    seen.add(file.path)
    return judged(file)
  })
}

/**
 * A project's file, or another user's, may be a link to any file, whose content must not be shown. Of a
 * broken file only a line that sets one of our keys is shown.
 */
function discreet(file: SettingsFile, { keys }: Product): SettingsFile {
  const { problem } = file
  if (problem?.excerpt === undefined || !isOthersText(file)) return file
  const { excerpt, ...rest } = problem
  const lines = excerpt.split('\n')
  const shown = lines.findIndex((line) => line.startsWith(`${problem.line}:`))
  const known = [keys.enabled, ...keys.alsoEnabled, keys.endpoint, keys.uploads].map((key) =>
    key.join('.'),
  )
  const [, key] = /^\d+:\s*((?:[\w-]+\.)*[\w-]+)\s*=/.exec(lines[shown] ?? '') ?? []
  if (!known.some((one) => `.${one}`.endsWith(`.${key}`))) return { ...file, problem: rest }
  return { ...file, problem: { ...rest, excerpt: lines.slice(shown, shown + 2).join('\n') } }
}

/** Could somebody else have chosen what text the file has? */
export function isOthersText({ role, stranger }: SettingsFile): boolean {
  return role === 'project' || role === 'named' || stranger !== undefined
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
    ...paths.homeSettings,
  ].filter((file) => file !== undefined)
}

function namedFile(product: Product, { env, cwd }: HostEnvironment): string | undefined {
  const { config } = product.variables
  const named = config === undefined ? undefined : env[config]
  return named ? path.resolve(cwd ?? path.sep, named) : undefined
}

/** A file that a variable names is meant to exist. If it is missing, its content is unknown. */
function missing(file: string): SettingsFile {
  return { role: 'named', path: file, ...broken(file, { message: 'it does not exist' }) }
}

/** How long a process remembers that a missing file is not behind a broken link. */
export const missedForMs = 1000

/** Files that are certainly missing, and since when. Looking at all folders on the way takes longer. */
const missed = new Map<string, number>()

/** Settings may lie on a disk that is not there now. Then nobody knows what they say. */
function unreachable(role: Role, file: string, see: Snapshot): SettingsFile | undefined {
  if (steadyMs() - (missed.get(file) ?? -Infinity) < missedForMs) return undefined
  let folder = path.dirname(file)
  while (see(folder).entry === undefined && folder !== path.dirname(folder)) {
    folder = path.dirname(folder)
  }
  const { entry, target } = see(folder)
  if (entry === undefined || target !== undefined) {
    missed.set(file, steadyMs())
    return undefined
  }
  // If it leads somewhere by now, nobody has looked for the file there.
  const message = inTheWayOf(file) ?? `${folder} led nowhere a moment ago`
  return { role, path: file, ...broken(file, { message }) }
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
function projectFiles(
  product: Product,
  environment: HostEnvironment,
  see: Snapshot,
): readonly string[] {
  const odd: string[] = []
  for (const files of projectPlaces(projectNames(product), environment)) {
    const found = files.filter((file) => see(file).entry && !see(file).target?.isDirectory())
    odd.push(...found)
    if (found.some((file) => see(file).target?.isFile())) return odd
  }
  return odd
}

/** For each folder from the working folder upwards, the files that a project could have there. */
export function projectPlaces(
  names: readonly string[],
  { cwd }: Pick<HostEnvironment, 'cwd'>,
): readonly (readonly string[])[] {
  if (names.length === 0 || cwd === undefined) return []
  const key = [cwd, ...names].join('\0')
  if (last.key !== key) last = { key, places: placesFrom(cwd, names) }
  return last.places
}

/** Putting the paths together costs as much as looking at three of them. */
let last: { readonly key: string; readonly places: readonly (readonly string[])[] } = {
  key: '',
  places: [],
}

function placesFrom(cwd: string, names: readonly string[]): readonly (readonly string[])[] {
  const places: string[][] = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    places.push(names.map((name) => path.join(folder, name)))
    if (folder === path.dirname(folder)) return places
  }
}
