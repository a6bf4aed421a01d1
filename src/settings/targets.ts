import { look } from '../files/read.ts'
import type { Context } from './context.ts'
import { isJson } from './files.ts'
import { locate } from './paths.ts'

/**
 * The user's settings files to change. The product's own program reads one file and merges nothing: if
 * we created a config.toml beside its config.json, it would ignore the latter.
 */
export function settingsTargets({ product, paths, environment }: Context): readonly string[] {
  const { settings, alsoSettings } = paths
  const places = product.host?.reads.flatMap((one) => ('place' in one ? one.place : [])) ?? []
  const read = places.map((place) => locate(place, environment))
  const written = [settings, ...alsoSettings.filter((file) => !isJson(file) && read.includes(file))]
  return written.map((file) => (read.includes(file) ? (read.find(isFile) ?? file) : file))
}

function isFile(file: string): boolean {
  return look(file)?.isFile() === true
}
