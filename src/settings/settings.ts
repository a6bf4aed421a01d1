import type { KeyPath, Product } from '../product/product.ts'
import { type Problem, type SettingsFile, valueAt } from './file.ts'
import { type Key, keySpecs, type Values } from './keys.ts'
import type { Paths } from './paths.ts'
import { readSources } from './sources.ts'
import type { Surroundings } from './surroundings.ts'
import { locate } from './toml/locate.ts'

/** One value and where it was written: `file:line`, or `built in`. */
export interface Setting<T> {
  readonly value: T
  readonly source: string
  /** The file that said so; absent for what is built in. */
  readonly file?: SettingsFile
}

export interface Settings {
  readonly files: readonly SettingsFile[]
  readonly problems: readonly Problem[]
  /** What each file says about a key, the user's own file first. */
  readonly said: <K extends Key>(key: K) => readonly Setting<Values[K]>[]
}

export const builtIn = 'built in'

export function loadSettings(product: Product, paths: Paths, surroundings: Surroundings): Settings {
  return interpret(product, readSources(product, paths, surroundings))
}

/** Few ask where a value stands, and to find the line costs as much as all else about a setting. */
function settingIn<T>(file: SettingsFile, path: KeyPath, value: T): Setting<T> {
  return {
    value,
    file,
    get source() {
      const line = locate(file.text, path)
      return line === undefined ? file.path : `${file.path}:${line}`
    },
  }
}

/** Reads our keys out of the files; whatever is there and cannot be understood is a problem. */
export function interpret(product: Product, files: readonly SettingsFile[]): Settings {
  const problems: Problem[] = []
  const said = new Map<Key, Setting<unknown>[]>()
  for (const file of files) {
    if (file.problem) problems.push(file.problem)
    for (const { key, path, read } of keySpecs(product)) {
      const found = valueAt(file.table, path)
      if (found === undefined) continue
      const result = read(found)
      if (result.ok) {
        said.set(key, [...(said.get(key) ?? []), settingIn(file, path, result.value)])
      } else {
        const line = locate(file.text, path)
        const message = `${path.join('.')} ${result.fault}`
        problems.push({ path: file.path, message, ...(line === undefined ? {} : { line }) })
      }
    }
  }
  return {
    files,
    problems,
    said: <K extends Key>(key: K) => (said.get(key) ?? []) as Setting<Values[K]>[],
  }
}
